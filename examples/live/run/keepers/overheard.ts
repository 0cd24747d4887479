import type { AlarmEvent, AlarmTime, Move } from 'nolater'
import { defer, type Observable, Subject, tap } from 'rxjs'
import type { Keeper, World } from '../keeper.ts'
import { isBefore, type OpenRival, wake } from './rival.ts'

type Story<Event = AlarmEvent> = Event extends unknown ? Omit<Event, 'at' | 'key'> : never

/** A rival tells no events, so they are told by somebody who overhears its calls: what is seen from outside is drawn like our own. */
export function overheard(open: OpenRival): Keeper {
  return (world) => {
    const { key, clock, initial } = world
    const events$ = new Subject<AlarmEvent>()
    const tell = (story: Story): void => events$.next({ at: clock.now(), key, ...story } as AlarmEvent)
    let told = initial // the last that the manager acknowledged
    let committed = initial

    const write = (time: AlarmTime): Observable<never> => {
      const call = { move: moveTo(time, told), time, fence: 0, attempt: 1 }
      const acknowledged = () => (told = time)
      return hear(world.write(time), 'write', call, acknowledged)
    }
    const commit = (time: AlarmTime): Observable<never> =>
      hear(world.commit(time), 'commit', { time }, () => (committed = time))

    function hear(call$: Observable<never>, name: 'write' | 'commit', call: object, ended: () => void) {
      return defer(() => {
        const issuedAt = clock.now()
        const say = (how: string, more: object = {}): void =>
          tell({ kind: `${name}-${how}`, ...call, took: clock.now() - issuedAt, ...more } as unknown as Story)
        say('issued')
        return call$.pipe(
          tap({
            complete() {
              ended()
              say('acknowledged')
            },
            error: (error) => say('failed', { error }),
            unsubscribe: () => say('failed', { error: new Error(CANCELLED) }),
          }),
        )
      })
    }

    const rival = open({ ...world, commit, write } satisfies World)
    return {
      events$,
      ask(time) {
        tell({ kind: 'intent', time, move: moveTo(time, told), unconfirmed: false, bound: told, committed })
        rival.ask(time)
      },
      deliver({ scheduledTime, retryCount }, handler) {
        const delivered = { scheduledTime, retryCount }
        let hasRun = false
        const run$ = defer(() => {
          hasRun = true
          tell({ kind: 'delivery-run', ...delivered, time: scheduledTime, deletes: true })
          return handler()
        })
        return defer(() => {
          tell({ kind: 'delivery-arrived', ...delivered })
          return wake(rival, clock, () => run$)
        }).pipe(
          tap({
            complete() {
              if (hasRun) tell({ kind: 'delivery-done', ...delivered })
              else tell({ kind: 'delivery-rescheduled', ...delivered, time: rival.wanted })
            },
          }),
        )
      },
    }
  }
}

const CANCELLED = 'cancelled by a newer alarm, but it may still be applied'

function moveTo(time: AlarmTime, told: AlarmTime): Move {
  if (time === told) return 'same'
  return isBefore(time, told) ? 'earlier' : 'later'
}
