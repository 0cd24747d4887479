export { type PostgresManager, type PostgresManagerOptions, postgresManager } from './postgres-manager.ts'
export { type PostgresStore, type PostgresStoreOptions, postgresStore } from './postgres-store.ts'
