/**
 * A manager on PostgreSQL and stores beside it, for actors on many machines.
 *
 * @module nolater/postgres
 */

export type { ChangedAlarm, FleetDelivery, FleetHealth, FleetRequest } from '../fleet/actor-fleet.ts'
export type { StoredTimer } from '../timers/listed-timer.ts'
export type { EveryOptions } from '../timers/series/check-plan.ts'
export type { Occurrence, SeriesPlan } from '../timers/series/series.ts'
export type { StoredTimerInfo, TimerListOptions } from '../timers/stored-timers.ts'
export type { ChangeWork } from './fleet/change.ts'
export type { PostgresFleetOptions } from './fleet/fleet-options.ts'
export type { Forward, Forwarded } from './fleet/forward.ts'
export type { Operation } from './fleet/operations.ts'
export {
  type FleetHandler,
  fleetHandler,
  forwardOverHttp,
  type HttpForwardOptions,
  type HttpHandlerOptions,
} from './fleet/over-http.ts'
export { type PostgresFleet, postgresFleet } from './fleet/postgres-fleet.ts'
export {
  type PostgresManager,
  type PostgresManagerOptions,
  type PostgresReady,
  postgresManager,
} from './postgres-manager.ts'
export { type PostgresStore, type PostgresStoreOptions, postgresStore } from './postgres-store.ts'
export type { PostgresTimers } from './store-timers.ts'
