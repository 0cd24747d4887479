import type { ObservableInput } from 'rxjs'
import {
  type AlarmConfig,
  type CommitInfo,
  checkConfig,
  type SharedConfig,
  sharedNames,
} from '../actor/config.ts'
import { checkNames, type Names } from '../vocabulary/check-names.ts'
import { configError } from '../vocabulary/error-of.ts'
import type { EachResult, KeyedWrite, WriteInfo } from '../vocabulary/manager.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import type { LoadedAlarm } from './resident.ts'

/** One of the commits that a store is given together; as `commit` takes it. */
export interface KeyedCommit<K extends string = string> {
  readonly key: K
  readonly time: AlarmTime
  readonly info: CommitInfo & { readonly key: K }
}

/**
 * How many actors' alarms reach their store and their manager.
 *
 * With `reconcile` (the default) the first write after an actor is loaded gives the manager what the store holds.
 */
export interface FleetConfig<K extends string = string> extends Omit<SharedConfig, 'commit' | 'write'> {
  /**
   * What the store holds of an actor: emits it once. Called when an actor is used that is not in memory. The epoch must be raised durably,
   * above all before it; an actor that the store has never seen has the time `null`.
   */
  load(key: K): ObservableInput<LoadedAlarm>
  /**
   * Makes an alarm durable together with the state that it belongs to. Completion means durable. A commit of an epoch that is not the last
   * one loaded must change nothing, and fail (`ALARM_FENCED`): its actor gave it up, or is elsewhere now.
   */
  commit(time: AlarmTime, info: CommitInfo & { readonly key: K }): ObservableInput<unknown>
  /** Tells the manager. Completion means that it has the alarm. */
  write(time: AlarmTime, info: WriteInfo & { readonly key: K }): ObservableInput<unknown>
  /**
   * In place of `commit`, for all the commits of one turn: emits an array with a result for each, in their order, `null` where it is
   * durable, and completes. Never two of the same key. An error of the whole breaks all of their alarms.
   */
  commitMany?(commits: readonly KeyedCommit<K>[]): ObservableInput<readonly EachResult[]>
  /** In place of `write`, for all the writes of one turn: see `AlarmManager.writeMany`. */
  writeMany?(writes: readonly KeyedWrite<K>[]): ObservableInput<readonly EachResult[]>
  /**
   * Keys of actors whose state has changed, where `commit` takes more along than the alarm. From then on the actor's gate is closed and a
   * commit is due, though the alarm stay: it goes with what is asked after it in the same turn, or at the turn's end. Listened to while the fleet is open; an
   * error at once is thrown by the call that opens the fleet.
   */
  readonly changed$?: ObservableInput<string>
  /**
   * Called when an alarm breaks, or is closed with something to do, before anything is notified: what was to go with its next commit will not
   * be committed.
   */
  discard?(key: K): void
  /**
   * Times are the machine's: where no scheduler is injected, a time between 1 and 10^11 is refused as a delay or seconds (`ALARM_TIME_INVALID`).
   * What `sqliteStores` says; default false.
   */
  readonly wallClock?: boolean
  /** writes in flight over all actors; as many can be loading; default 1000 */
  readonly concurrency?: number
  /** ms without use after which an actor is dropped from memory, at the latest after twice that; default 60 s, Infinity for never */
  readonly idleAfter?: number
  /**
   * Actors in memory, at most: for a new one an idle one is dropped, rather one that was not used for a while. Where all are at work, what
   * needs another one gets `ALARM_FLEET_FULL`, uncounted; what `changed$` says does not. Default: one for each 4 KB that the heap may have (a million in 4 GB; one at work
   * takes 2 KB, an idle one 0.2), no limit where the platform does not say; Infinity for none.
   */
  readonly maxActors?: number
}

const fleetNames: Names<Omit<FleetConfig, keyof SharedConfig>> = {
  load: true,
  commitMany: true,
  writeMany: true,
  changed$: true,
  discard: true,
  concurrency: true,
  idleAfter: true,
  maxActors: true,
  wallClock: true,
}

/** Refuses a config that cannot work (`ALARM_CONFIG_INVALID`). */
export function checkFleetConfig<K extends string>(config: FleetConfig<K>, more: object = {}): void {
  checkConfig(config as unknown as AlarmConfig)
  checkNames('The config of a fleet', config as FleetConfig, {
    ...sharedNames,
    ...fleetNames,
    ...more,
  })
  const { concurrency = 1, idleAfter = 1, maxActors = 1 } = config
  const returnsInput = 'a function that returns an Observable, a promise or an iterable'
  if (typeof config.load !== 'function') throw configError('load', returnsInput, config.load)
  const { changed$, wallClock } = config
  if (wallClock !== undefined && typeof wallClock !== 'boolean') {
    throw configError('wallClock', 'true or false', wallClock)
  }
  if (changed$ !== undefined && (typeof changed$ !== 'object' || changed$ === null)) {
    throw configError('changed$', 'an Observable of keys', changed$)
  }
  for (const name of ['commitMany', 'writeMany', 'discard'] as const) {
    if (config[name] !== undefined && typeof config[name] !== 'function') {
      throw configError(name, name === 'discard' ? 'a function of a key' : returnsInput, config[name])
    }
  }
  if (concurrency !== Infinity && !(Number.isSafeInteger(concurrency) && concurrency >= 1)) {
    throw configError('concurrency', 'a whole number of writes, 1 or more, or Infinity', concurrency)
  }
  if (idleAfter !== Infinity && !(Number.isSafeInteger(idleAfter) && idleAfter >= 1)) {
    throw configError('idleAfter', 'a whole number of milliseconds, 1 or more, or Infinity', idleAfter)
  }
  if (maxActors !== Infinity && !(Number.isSafeInteger(maxActors) && maxActors >= 1)) {
    throw configError('maxActors', 'a whole number of actors, 1 or more, or Infinity', maxActors)
  }
}
