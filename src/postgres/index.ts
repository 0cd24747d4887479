/**
 * A manager on PostgreSQL and stores beside it, for actors on many machines.
 *
 * @module nolater/postgres
 */
export {
  type PostgresManager,
  type PostgresManagerOptions,
  type PostgresReady,
  postgresManager,
} from './postgres-manager.ts'
export { type PostgresStore, type PostgresStoreOptions, postgresStore } from './postgres-store.ts'
