import type { Open } from './queue.ts'

export interface Entry {
  readonly name: string
  /** SQL: whether nothing is left to be done in a schema */
  isOver(schema: string): string
  /** a process that sets alarms delivers, too */
  readonly alwaysDelivers?: boolean
  load(): Promise<Open>
}

// By the index of what is due: a handler that has ended is not yet an alarm that is done.
const noneIsDue = (schema: string): string => `
  SELECT (SELECT due FROM ${schema}._nolater_alarm WHERE due IS NOT NULL AND aside IS NULL ORDER BY due LIMIT 1) IS NULL AS over`
const noJobIsLeft = (schema: string): string =>
  `SELECT NOT EXISTS (SELECT FROM ${schema}._private_jobs) AS over`

export const contenders = {
  manager: {
    name: 'nolater/postgres',
    isOver: noneIsDue,
    load: async () => (await import('./nolater.ts')).open,
  },
  fleet: {
    name: 'its fleet',
    isOver: noneIsDue,
    alwaysDelivers: true,
    load: async () => (await import('./fleet.ts')).open,
  },
  plain: {
    name: 'graphile-worker',
    isOver: noJobIsLeft,
    load: async () => (await import('./graphile-worker.ts')).plain,
  },
  tuned: {
    name: 'graphile-worker, tuned',
    isOver: noJobIsLeft,
    load: async () => (await import('./graphile-worker.ts')).tuned,
  },
  boss: {
    name: 'pg-boss, tuned',
    isOver: (schema) => `
      SELECT NOT EXISTS (SELECT FROM ${schema}.job WHERE name = 'wake' AND state < 'completed') AS over`,
    load: async () => (await import('./pg-boss.ts')).open,
  },
} satisfies Record<string, Entry>

export type ContenderId = keyof typeof contenders

export const ids = Object.keys(contenders) as ContenderId[]
/** of this library */
export const ours: readonly ContenderId[] = ['manager', 'fleet']
