/**
 * A manager and stores on SQLite, with nothing to install.
 *
 * @module nolater/sqlite
 */

export type {
  ActorChange as ChangeWork,
  ActorOperation as Operation,
  ChangedAlarm,
  FleetDelivery,
  FleetHealth,
  FleetRequest,
} from '../fleet/actor-fleet.ts'
export type { StoredTimer } from '../timers/listed-timer.ts'
export type { EveryOptions } from '../timers/series/check-plan.ts'
export type { Occurrence, SeriesPlan } from '../timers/series/series.ts'
export type {
  StoredTimerInfo,
  StoredTimers,
  TimerListOptions,
  TimerOptions,
} from '../timers/stored-timers.ts'
export type { SqliteFleetOptions } from './fleet/fleet-options.ts'
export { type SqliteFleet, sqliteFleet } from './fleet/sqlite-fleet.ts'
export type { JournalOptions, JournalSource } from './journal/journal-options.ts'
export { type Journal, recordJournal } from './journal/record-journal.ts'
export { type SqliteManager, type SqliteManagerOptions, sqliteManager } from './sqlite-manager.ts'
export { type ActorStore, type SqliteStoreOptions, sqliteStore } from './sqlite-store.ts'
export { type SqliteStores, type SqliteStoresOptions, sqliteStores } from './sqlite-stores.ts'
export type { SqlParameter, SqlRow, StoreSql } from './store-sql.ts'
export type { StoreValues } from './store-values.ts'
