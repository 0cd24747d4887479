import type { AlarmDelivery, AlarmTime, WriteInfo } from 'nolater'
import { recordTimeline, type Timeline, type TimelineEvent, type VirtualClock } from 'nolater/marbles'
import { defer, ignoreElements, type Observable, throwError, timer } from 'rxjs'
import { fakeStore } from './fake-store.ts'
import { type Judge, openJudge } from './judge.ts'
import type { Keeper } from './keeper.ts'
import { openLife } from './life.ts'

/** One actor, kept in one way, with a store of its own. */
export interface Actor {
  readonly judge: Judge
  /** all that happened, over all the processes that it has lived in */
  readonly timeline: Timeline
  /** another one after anything has happened */
  readonly revision: number
  /** requests sent to the manager */
  readonly writes: number
  ask(time: AlarmTime): void
  deliver(delivery: AlarmDelivery): Observable<unknown>
  /** Its process dies. `chance` of 0 to 1 decides about the commits in flight. */
  crash(chance: number): void
}

export interface ActorSetting {
  readonly key: string
  readonly clock: VirtualClock
  readonly keeper: Keeper
  /** what its manager holds */
  held(): AlarmTime
  write(time: AlarmTime, info: WriteInfo | undefined): Observable<never>
}

const REOPENING = 150 // ms
const WORK = 200 // ms that a handler takes

/** Opens an actor. When it breaks or its process dies it is opened again, and the newest intent that is not durable is asked again. */
export function openActor({ key, clock, keeper, held, write }: ActorSetting): Actor {
  const store = fakeStore(clock, changed)
  const judge = openJudge(clock, () => ({ store: store.alarm, manager: held() }))
  const past: TimelineEvent[] = []
  let writes = 0
  let wish: { readonly time: AlarmTime } | null = null
  let life: ReturnType<typeof open> | null = null

  function changed(): void {
    if (wish?.time === store.alarm) wish = null
    judge.look()
  }

  const counted = (time: AlarmTime, info?: WriteInfo): Observable<never> =>
    defer(() => {
      writes++
      return write(time, info)
    })

  function open() {
    const { alarm: initial, commit } = store
    const world = { key, clock, initial, epoch: store.open(), commit, write: counted }
    const own = openLife(keeper, world)
    const recording = recordTimeline(own.kept.events$)
    own.kept.events$.subscribe({ error: () => ended(1) })
    return { ...own, recording }
  }

  function ended(chance: number): void {
    if (life === null) return
    store.settle(chance)
    life.die()
    life.recording.unsubscribe()
    past.push(...life.recording.timeline.events)
    life = null
    judge.ended()
    clock.schedule(reopen, REOPENING)
  }

  function reopen(): void {
    life = open()
    if (wish !== null) life.kept.ask(wish.time)
  }

  function begin({ scheduledTime }: AlarmDelivery): Observable<never> {
    judge.woken()
    if (wish?.time === scheduledTime) wish = null
    return timer(WORK, clock).pipe(ignoreElements())
  }

  life = open()
  return {
    judge,
    get timeline() {
      return { events: [...past, ...(life?.recording.timeline.events ?? [])] }
    },
    get revision() {
      return past.length + (life?.recording.timeline.events.length ?? 0) + judge.looks
    },
    get writes() {
      return writes
    },
    ask(time) {
      wish = { time }
      life?.kept.ask(time)
    },
    deliver: (delivery) => life?.deliver(delivery, () => begin(delivery)) ?? throwError(() => DOWN),
    crash(chance) {
      if (life === null) return
      ended(chance)
      past.push({ at: clock.now(), key, kind: 'errored', error: { message: 'the process crashed' } })
    },
  }
}

/** Not the handler's failure: the manager tries again for as long as it takes. */
const DOWN = Object.assign(new Error('the process is down'), { counted: false })
