import { asyncScheduler, EMPTY, finalize, type Observable, Subject } from 'rxjs'
import type { CommitInfo } from '../config.ts'
import { AlarmClosedError } from '../errors.ts'
import type { KeyedEvent, KeyedStory } from '../event.ts'
import { fromUser } from '../from-user.ts'
import { checkKey } from '../key.ts'
import type { WriteInfo } from '../manager.ts'
import { batch } from './batch.ts'
import type { FleetConfig } from './fleet-config.ts'
import { openFleetTelemetry } from './fleet-telemetry.ts'
import { openLoads } from './loads.ts'
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
}

/** The actors of a fleet, at most one of a key, and what they share. */
export interface FleetEngine<K extends string> {
  readonly pressure: Pressure
  readonly events$: Observable<KeyedEvent<K>>
  /** those whose alarm has just broken, or was closed */
  readonly broken$: Observable<Resident>
  /** Who is in memory, broken ones too, for a while. */
  find(key: K): Resident | null
  /** The actor, to be asked something, and then to be started. Throws `ALARM_KEY_INVALID`, `ALARM_CLOSED`. */
  use(key: K): Resident
  /** Loads an actor that is new. Asked first, its first write tells what reconciling would. */
  start(actor: Resident): void
  tell(key: K, story: KeyedStory): void
  /** Completes when no actor has anything left to do. */
  drained(): Observable<never>
  close(): void
}

export function openEngine<K extends string>(config: FleetConfig<K>): FleetEngine<K> {
  const { concurrency = 1_000, idleAfter = 60_000, scheduler = asyncScheduler } = config
  const actors = new Map<string, Resident>()
  const telemetry = openFleetTelemetry<K>(actors, scheduler, () => depth > 0)
  const sweep = openSweep(actors, idleAfter, scheduler, drop)
  const loads = openLoads(concurrency, (key) => config.load(key as K), together)
  const writes = new Turns<Resident>(concurrency, (actor) => actor.settle())
  const issueWrite = config.writeMany
    ? batch('writeMany', scheduler, config.writeMany.bind(config), together)
    : null
  const issueCommit = config.commitMany
    ? batch('commitMany', scheduler, config.commitMany.bind(config), together)
    : null
  const broken$ = new Subject<Resident>()
  let depth = 0
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

  const home: Home = {
    ...(config.reconcile !== undefined && { reconcile: config.reconcile }),
    ...(config.retry !== undefined && { retry: config.retry }),
    scheduler,
    writes,
    enter,
    leave,
    tell: telemetry.tell,
    commit(time, commitInfo) {
      const info = commitInfo as CommitInfo & { readonly key: K }
      return issueCommit === null ? config.commit(time, info) : issueCommit({ key: info.key, time, info })
    },
    write(time, writeInfo) {
      const info = writeInfo as WriteInfo & { readonly key: K }
      writes.begin()
      const write$ =
        issueWrite === null
          ? fromUser('write', () => config.write(time, info))
          : issueWrite({ key: info.key, time, info })
      if (write$ === EMPTY) writes.end()
      return write$ === EMPTY ? EMPTY : write$.pipe(finalize(() => together(() => writes.end())))
    },
    breaking(actor) {
      writes.leave(actor)
      loads.turns.leave(actor)
      if (config.discard !== undefined) undisturbed(() => config.discard?.(actor.key as K))
    },
    broke(actor, story) {
      if (story.kind === 'closed' && actors.get(actor.key) === actor) actors.delete(actor.key)
      broken$.next(actor)
      if (!isClosed) telemetry.tell(actor.key, story)
    },
  }

  function drop(actor: Resident): void {
    actors.delete(actor.key)
    if (actor.failure === null) telemetry.tell(actor.key, { kind: 'dropped' })
  }

  return {
    events$: telemetry.events$,
    tell: telemetry.tell,
    broken$: broken$.asObservable(),
    get pressure() {
      const { waiting, taken: writing } = writes
      return { actors: actors.size, loading: loads.turns.taken + loads.turns.waiting, waiting, writing }
    },
    find: (key) => actors.get(key) ?? null,
    use(key) {
      if (isClosed) throw new AlarmClosedError(key)
      let actor = actors.get(key)
      if (actor === undefined || actor.failure !== null) {
        actor = new Resident(home, checkKey(key))
        actor.telemetry = telemetry.current
        actors.set(key, actor)
      }
      sweep.use(actor)
      return actor
    },
    start: loads.start,
    drained: () => untilDrained(actors),
    close() {
      if (isClosed) return
      isClosed = true
      sweep.stop()
      together(() => {
        for (const actor of actors.values()) actor.close()
        actors.clear()
      })
      telemetry.complete()
    },
  }
}

/** A user's function that nothing waits for: what it throws is reported as RxJS reports what nobody can catch. */
function undisturbed(call: () => void): void {
  try {
    call()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
