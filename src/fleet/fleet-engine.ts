import {
  asyncScheduler,
  EMPTY,
  noop,
  Observable,
  type ObservableInput,
  type SchedulerLike,
  Subscription,
  tap,
} from 'rxjs'
import type { CommitInfo } from '../actor/config.ts'
import { withinTime } from '../actor/within-time.ts'
import { fromUser } from '../operators/from-user.ts'
import { listen } from '../operators/listen.ts'
import { reportUnhandled, throwing } from '../operators/reached.ts'
import { reportUncaught } from '../operators/report-uncaught.ts'
import { closedError, fleetClosedError, fullError } from '../vocabulary/error-of.ts'
import type { KeyedEvent, KeyedStory } from '../vocabulary/event.ts'
import { checkKey } from '../vocabulary/key.ts'
import type { WriteInfo } from '../vocabulary/manager.ts'
import { type TimeCheck, timeCheckOf } from '../vocabulary/real-time.ts'
import { checkTime } from '../vocabulary/time.ts'
import { type AtWork, openAtWork } from './at-work.ts'
import { openBackOff } from './back-off.ts'
import { batch } from './batch.ts'
import { hostOf, type Residents } from './closing/host.ts'
import type { FleetConfig } from './fleet-config.ts'
import { openFleetTelemetry } from './fleet-telemetry.ts'
import { flushActors } from './flush-actors.ts'
import { openGates } from './gates.ts'
import { openLoads } from './loads.ts'
import { mostActors } from './most-actors.ts'
import { type Home, Resident } from './resident.ts'
import { openSweep } from './sweep.ts'
import { Turns } from './turns.ts'
import { untilDrained } from './until-drained.ts'

/** How hard a fleet works. */
export interface Pressure {
  /** actors in memory */
  readonly actors: number
  /** of them, those that the store has not answered for yet */
  readonly loading: number
  /** of them, those with a write that waits for its turn: they wait because `concurrency` is used up */
  readonly waiting: number
  /** manager writes in flight */
  readonly writing: number
  /** deliveries that were not answered: their handlers are at work, or wait for their actors */
  readonly delivering: number
  /** ms since the oldest of them came, 0 without one; what hangs is given back at the end of its lease, and comes again */
  readonly deliveringFor: number
}

/** The actors of a fleet, at most one of a key, and what they share. */
export interface FleetEngine<K extends string> {
  readonly pressure: Pressure
  readonly clock: SchedulerLike
  readonly checkTime: TimeCheck
  readonly events$: Observable<KeyedEvent<K>>
  /** those of one actor */
  eventsOf(key: K): Observable<KeyedEvent<K>>
  /** Errors with what breaks the alarm of this key next, or closes it. */
  broken(key: K): Observable<never>
  /** The actors in memory, broken ones too, for a while. */
  find(key: K): Resident | null
  readonly atWork: AtWork
  /** The actor, to be asked something, and then to be started. Throws `ALARM_KEY_INVALID`, `ALARM_CLOSED`. */
  use(key: K): Resident
  /** Loads an actor that is new. Asked first, its first write tells what reconciling would. */
  start(actor: Resident): void
  tell(key: K, story: KeyedStory): void
  /** Completes when no actor has anything left to do. */
  drained(): Observable<never>
  /** Loads no other actor from here on. */
  refuse(): void
  /** Brings through what was asked so far: see `Flush`. */
  flush(): Observable<never>
  /** Drops the actors that are another fleet's from now on; what they have not brought through is lost with this error. */
  lose(isLost: (key: string) => boolean, error: (key: string) => unknown): void
  /** Stops everything at once. */
  close(): void
}

export function openEngine<K extends string>(config: FleetConfig<K>): FleetEngine<K> {
  const {
    concurrency = 1_000,
    idleAfter = 60_000,
    maxActors = mostActors(),
    scheduler = asyncScheduler,
  } = config
  const actors = new Map<string, Resident>()
  const telemetry = openFleetTelemetry<K>(actors, scheduler, () => depth > 0)
  const sweep = openSweep(actors, { idleAfter, maxActors }, scheduler, drop)
  const loads = openLoads(concurrency, (key) => withinTime(config, 'load', config.load(key as K)), together)
  const writes = new Turns<Resident>(concurrency, (actor) => actor.settle())
  const issueWrite = config.writeMany
    ? batch('writeMany', scheduler, config.writeMany.bind(config), together)
    : null
  const issueCommit = config.commitMany
    ? batch('commitMany', scheduler, config.commitMany.bind(config), together)
    : null
  const gates = openGates()
  const atWork = openAtWork(scheduler)
  const backOff = openBackOff(scheduler)
  const host = hostOf(config)
  const losses = flushActors(actors, host, scheduler)
  const { flush } = losses
  let depth = 0
  let isRefusing = false
  let isClosed = false

  function enter(): void {
    depth++
  }

  /** What the outermost decision has left to others: turns that are free now, and listeners. */
  function leave(): void {
    while (depth === 1 && (writes.isDue || loads.turns.isDue)) {
      writes.give()
      loads.turns.give()
    }
    if (--depth === 0) telemetry.flush()
  }

  function together(work: () => void): void {
    enter()
    try {
      work()
    } finally {
      leave()
    }
  }

  /** Gives the turn back. A listener that is notified of the end before all of it was decided could ask a writer that is not free yet. */
  function endTogether(write$: Observable<unknown>): Observable<never> {
    return new Observable((subscriber) => {
      listen(write$, subscriber, {
        next: noop,
        error: (error) => together(() => subscriber.error(error)),
        complete: () => together(() => subscriber.complete()),
      })
      subscriber.add(() => together(() => writes.end()))
    })
  }

  const home: Home = {
    ...(config.reconcile !== undefined && { reconcile: config.reconcile }),
    ...(config.retry !== undefined && { retry: config.retry }),
    ...(config.timeout !== undefined && { timeout: config.timeout }),
    ...(config.raise !== undefined && { raise: config.raise.bind(config) }),
    scheduler,
    mayWrite(alarm, move) {
      const actor = alarm as Resident
      const { waiting, taken: writing } = writes
      if (writes.ask(actor, move)) return true
      if (actor.telemetry !== null && writes.waiting > waiting)
        telemetry.tell(actor.key as K, { kind: 'waiting', move, waiting: writes.waiting, writing })
      return false
    },
    enter,
    leave,
    tell: telemetry.tell,
    commit(time, commitInfo) {
      const info = commitInfo as CommitInfo & { readonly key: K }
      const commit = (): ObservableInput<unknown> =>
        issueCommit === null ? config.commit(time, info) : issueCommit({ key: info.key, time, info })
      if (!backOff.has(info.key)) return commit()
      return fromUser('commit', commit).pipe(tap({ complete: () => backOff.forget(info.key) }))
    },
    write(time, writeInfo) {
      const info = writeInfo as WriteInfo & { readonly key: K }
      writes.begin()
      const write$ =
        issueWrite === null
          ? fromUser('write', () => config.write(time, info))
          : issueWrite({ key: info.key, time, info })
      if (write$ === EMPTY) writes.end()
      return write$ === EMPTY ? EMPTY : endTogether(write$)
    },
    breaking(actor, story, end) {
      const { key } = actor
      together(() => {
        writes.leave(actor)
        loads.turns.leave(actor)
        if ('error' in story) losses.breaking(actor, story.error)
        if (config.discard !== undefined) reportUncaught(() => config.discard?.(key as K))
        // Before a listener can load the actor again: this story comes first, and its gates are not those of the new one.
        if (!isClosed) reportUncaught(() => telemetry.tell(key, story)) // the clock may throw, too
        reportUncaught(() => {
          if (!('error' in story)) return
          const delay = backOff.broke(key, story.error)
          if (delay > 0) telemetry.tell(key, { kind: 'backing-off', delay, error: story.error })
        })
        const tellGates = gates.take(key)
        try {
          end()
        } finally {
          if (story.kind === 'closed' && actors.get(key) === actor) actors.delete(key)
          tellGates(actor.failure)
        }
      })
    },
  }

  const isIdle = ({ work, key }: Resident): boolean => work === null && !gates.has(key)

  function drop(actor: Resident): void {
    actors.delete(actor.key)
    if (actor.failure === null) telemetry.tell(actor.key, { kind: 'dropped' })
  }

  /** `isChanged`: its state has, and that must not be lost where there is no room. */
  function use(key: K, isChanged = false): Resident {
    if (isRefusing || isClosed) throw closedError(key)
    let actor = actors.get(key)
    if (actor === undefined || actor.failure !== null) {
      const refused = backOff.refusal(key)
      if (refused !== null) throw throwing(refused.error)
      checkKey(key)
      enter() // what is notified of one that was dropped may use this one
      try {
        if (actor === undefined && !sweep.makeRoom() && !isChanged) throw fullError(key, maxActors)
        actor = new Resident(home, key)
        actor.telemetry = telemetry.current
        actors.set(key, actor)
      } finally {
        leave()
      }
    }
    sweep.use(actor)
    return actor
  }

  const refusals: unknown[] = []
  let isOpen = false
  const changes = fromUser('changed$', () => config.changed$ ?? EMPTY).subscribe({
    next(key) {
      try {
        const actor = use(key as K, true)
        actor.change()
        loads.start(actor)
      } catch (error) {
        if (telemetry.current === null) reportUnhandled(error)
        telemetry.tell(key, { kind: 'refused', error })
        reportUncaught(() => config.discard?.(key as K)) // it must not go with the next commit
      }
    },
    error(error) {
      if (isOpen) reportUnhandled(error)
      else refusals.push(error)
    },
  })
  // Where changes would be lost there must be no fleet.
  if (refusals.length > 0) throw refusals[0]
  isOpen = true
  const residents: Residents = {
    isBusy(key) {
      const actor = actors.get(key)
      return actor !== undefined && actor.failure === null && actor.work !== null // one that is being loaded has some
    },
    drop(key) {
      const actor = actors.get(key)
      if (actor !== undefined) drop(actor)
    },
    get engine() {
      return engine
    },
  }
  const engine: FleetEngine<K> = {
    events$: telemetry.events$,
    eventsOf: telemetry.eventsOf,
    clock: scheduler,
    checkTime: config.wallClock === true ? timeCheckOf(config.scheduler) : checkTime,
    tell: telemetry.tell,
    broken: gates.broken,
    get pressure() {
      const { waiting, taken: writing } = writes
      const loading = loads.turns.taken + loads.turns.waiting
      const { count: delivering, longest: deliveringFor } = atWork
      return { actors: actors.size, loading, waiting, writing, delivering, deliveringFor }
    },
    find: (key) => actors.get(key) ?? null,
    atWork,
    use,
    start: loads.start,
    drained: () => untilDrained(actors),
    refuse() {
      isRefusing = true
      changes.unsubscribe()
    },
    flush,
    lose(isLost, error) {
      together(() => {
        for (const actor of [...actors.values()]) {
          if (!isLost(actor.key)) continue
          if (isIdle(actor)) drop(actor)
          else actor.fail(error(actor.key))
        }
      })
    },
    close() {
      if (isClosed) return
      isClosed = true
      host?.guests.delete(flush)
      host?.fleets?.delete(residents)
      changes.unsubscribe()
      sweep.stop()
      const all = new Subscription() // each of them, also when a user's teardown throws on the way
      const closed = fleetClosedError()
      for (const actor of actors.values()) {
        if (isIdle(actor))
          actor.failure ??= closed // it has nothing to end, and an error of its own would cost more than all the rest
        else all.add(() => actor.close())
      }
      try {
        together(() => all.unsubscribe())
      } finally {
        actors.clear()
        telemetry.complete()
      }
    },
  }

  host?.guests.add(flush)
  host?.fleets?.add(residents)
  return engine
}
