import { config, EMPTY, type ObservableInput, type SchedulerLike, Subject, Subscription } from 'rxjs'
import type { Alarm, openAlarm } from '../../src/index.ts'
import type { Setting } from './model.ts'
import type { Script } from './model-deliveries.ts'
import {
  applyCommit,
  applyWrite,
  beginCommit,
  beginHandler,
  beginWrite,
  end,
  printFence,
  type World,
  writeOf,
} from './world.ts'

// In a life without listeners what breaks the alarm reaches no subscriber: RxJS would report it.
config.onUnhandledError = () => {}

type Kind = 'commit' | 'write'

/** The real engine, between a store and a manager whose answers stay open until a command gives them. */
export interface Engine {
  readonly alarm: Alarm
  /** what it did since this was emptied last */
  readonly log: string[]
  /** the calls that its events tell of */
  readonly told: string[]
  /** timers that are set */
  readonly timers: readonly (() => void)[]
  /** how many calls wait for an answer, and are waited for */
  pending(kind: Kind): number
  answer(kind: Kind): void
  fail(kind: Kind): void
  deliver(id: number, wakeup: { scheduledTime: number; fence: number }, script: Script): void
  endHandler(end: 'ok' | 'fail'): void
  expire(id: number): void
  abandon(wakeup: { scheduledTime: number; fence: number }, name: string): void
  wait(what: 'confirmed' | 'drained', name: string): void
  send(value: number): void
  /** the code of the error that broke it */
  broken(): string | null
}

const onPurpose = new Error('on purpose')

/** Opens the engine on what the store of the world holds. */
export function openEngine(open: typeof openAlarm, setting: Setting, world: World): Engine {
  const answers: Record<Kind, Subject<never>[]> = { commit: [], write: [] }
  const log: string[] = []
  const told: string[] = []
  const timers: (() => void)[] = []
  const values$ = new Subject<number>()
  const subscriptions = new Map<number, Subscription>()
  let running: { readonly id: number; readonly end$: Subject<never>; stop(): void } | null = null
  let synchronous = 0

  // No timer fires by itself: when is for a command to say.
  function schedule(fire: () => void): Subscription {
    const remove = (): void => {
      if (timers.includes(timer)) timers.splice(timers.indexOf(timer), 1)
    }
    const timer = (): void => {
      remove()
      fire()
    }
    timers.push(timer)
    return new Subscription(remove)
  }

  function call(kind: Kind): ObservableInput<never> {
    if (setting.synchronous.includes(kind)) {
      reach(kind)
      return synchronous++ % 2 === 0 ? EMPTY : []
    }
    const answer = new Subject<never>()
    answers[kind].push(answer)
    return answer
  }

  function reach(kind: Kind): void {
    if (kind === 'commit') applyCommit(world)
    else applyWrite(world)
    if (kind === 'write') world.mayBeEarly = false
    end(world, kind)
  }

  function stopRunning(): void {
    running?.stop()
    running = null
  }

  const alarm = open({
    key: 'a',
    initial: world.store,
    epoch: world.epoch,
    reconcile: setting.reconcile,
    retry: { count: setting.retries },
    scheduler: { now: () => world.now, schedule } as SchedulerLike,
    commit(time) {
      log.push(`commit ${time}`)
      beginCommit(world, time)
      return call('commit')
    },
    write(time, { move, fence, attempt }) {
      log.push(`write ${time} ${move} fence=${printFence(fence)} attempt=${attempt}`)
      beginWrite(world, time, fence)
      return call('write')
    },
  })
  values$.pipe(alarm.holdUntilConfirmed()).subscribe({
    next: (value) => log.push(`value ${value}`),
    error: (error) => log.push(`gate failed ${error.code}`),
  })
  if (setting.heard) {
    alarm.events$.subscribe({
      next(event) {
        if (event.kind === 'write-issued') {
          told.push(
            `write ${event.time} ${event.move} fence=${printFence(event.fence)} attempt=${event.attempt}`,
          )
        }
        if (event.kind === 'commit-issued') told.push(`commit ${event.time}`)
        if (event.kind === 'violation') world.judge.breaks('noViolation', 'a')
      },
      error: () => {},
    })
  }

  return {
    alarm,
    log,
    told,
    timers,
    pending: (kind) => answers[kind].filter(({ observed }) => observed).length,
    answer(kind) {
      reach(kind)
      answers[kind].shift()!.complete()
    },
    fail(kind) {
      const { write } = world
      if (kind === 'write' && write?.applied === false) world.strays.push(writeOf(write))
      end(world, kind)
      answers[kind].shift()!.error(onPurpose)
    },
    deliver(id, wakeup, { intent, end: ending }) {
      const { scheduledTime: of, fence } = wakeup
      const outcome$ = alarm.deliver(wakeup, ({ scheduledTime }) => {
        log.push(`delivery ${id} runs ${scheduledTime}`)
        const stop = beginHandler(world, scheduledTime)
        if (intent?.time === null) alarm.delete()
        else if (intent !== undefined) alarm.set(intent.time)
        if (ending !== undefined) stop()
        if (ending === 'ok') return []
        if (ending === 'fail') throw onPurpose
        running = { id, end$: new Subject(), stop }
        return running.end$
      })
      const subscription = new Subscription()
      subscriptions.set(id, subscription)
      subscription.add(
        outcome$.subscribe({
          next(outcome) {
            log.push(`delivery ${id} ${outcome.kind === 'ran' ? 'ran' : `rescheduled ${outcome.time}`}`)
            world.strays.push({ kind: 'done', of, fence, kept: null })
          },
          error(error) {
            if (running?.id === id) stopRunning()
            log.push(`delivery ${id} failed ${error === onPurpose ? 'by its handler' : error.code}`)
          },
        }),
      )
    },
    endHandler(ending) {
      const { end$ } = running!
      stopRunning()
      if (ending === 'ok') end$.complete()
      else end$.error(onPurpose)
    },
    expire(id) {
      if (running?.id === id) stopRunning()
      subscriptions.get(id)?.unsubscribe()
    },
    abandon({ scheduledTime: of, fence }, name) {
      let kept: ReturnType<Alarm['abandon']>
      try {
        kept = alarm.abandon(of, { fence })
      } catch (error) {
        if (!(error instanceof Error) || !('code' in error)) throw error
        log.push(`kept ${error.code}`)
        return
      }
      log.push(`kept ${kept}`)
      alarm.confirmed().subscribe({
        next() {
          log.push(`waiter ${name}`)
          world.strays.push({ kind: 'done', of, fence, kept })
        },
        error: (error) => log.push(`waiter ${name} failed ${error.code}`),
      })
    },
    wait(what, name) {
      alarm[what]().subscribe({
        next: () => log.push(`waiter ${name}`),
        error: (error) => log.push(`waiter ${name} failed ${error.code}`),
      })
    },
    send: (value) => values$.next(value),
    broken() {
      try {
        alarm.time
        return null
      } catch (error) {
        return String((error as { code?: unknown }).code ?? error)
      }
    },
  }
}
