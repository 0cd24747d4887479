import type { Open } from './contender.ts'

export interface Entry {
  readonly name: string
  /** what survives when the power goes */
  readonly durability: string
  /** how many alarms it is given: as many as it takes in within a minute or two */
  readonly pending: number
  /** alarms a ms apart */
  readonly steady: number
  readonly burst: number
  /** ms between setting an alarm and its time, at least; default 1.5 s */
  readonly ahead?: number
  /** nothing survives the process: it has to be told everything anew */
  readonly forgets?: boolean
  load(): Promise<Open>
}

export const contenders = {
  nolater: {
    name: 'nolater/sqlite',
    durability: 'fsync before a set or a delivery counts',
    pending: 1_000_000,
    steady: 10_000,
    burst: 100_000,
    load: async () => (await import('./nolater.ts')).asItComes,
  },
  'nolater-wide': {
    name: 'nolater/sqlite, 1,000',
    durability: 'fsync before a set or a delivery counts',
    pending: 1_000_000,
    steady: 10_000,
    burst: 100_000,
    load: async () => (await import('./nolater.ts')).wide,
  },
  raw: {
    name: 'node:sqlite by hand, 100',
    durability: 'fsync before a set or a delivery counts',
    pending: 1_000_000,
    steady: 10_000,
    burst: 100_000,
    load: async () => (await import('./raw-sqlite.ts')).raw,
  },
  'raw-wide': {
    name: 'node:sqlite by hand, 1,000',
    durability: 'fsync before a set or a delivery counts',
    pending: 1_000_000,
    steady: 10_000,
    burst: 100_000,
    load: async () => (await import('./raw-sqlite.ts')).rawWide,
  },
  'node-schedule': {
    name: 'node-schedule',
    durability: 'none',
    pending: 100_000, // a million weighs 2 GB, and each fire moves an array of all of them
    steady: 10_000,
    burst: 10_000,
    forgets: true,
    load: async () => (await import('./node-schedule.ts')).open,
  },
  bullmq: {
    name: 'BullMQ, Redis',
    durability: 'fsync each second: one may be lost',
    pending: 1_000_000,
    steady: 10_000,
    burst: 20_000,
    load: async () => (await import('./bullmq.ts')).everySecond,
  },
  'bullmq-always': {
    name: 'BullMQ, Redis, always',
    durability: 'fsync before Redis answers',
    pending: 100_000,
    steady: 10_000,
    burst: 20_000,
    load: async () => (await import('./bullmq.ts')).always,
  },
  'graphile-worker': {
    name: 'graphile-worker',
    durability: 'fsync at each commit',
    pending: 1_000_000,
    steady: 10_000,
    burst: 20_000,
    load: async () => (await import('./graphile-worker.ts')).open,
  },
  workerd: {
    name: 'workerd, Durable Objects',
    durability: 'fsync before a set counts',
    pending: 2_000,
    steady: 1_000,
    burst: 500,
    ahead: 15_000, // an object sleeps after 10 s; it is to be woken
    load: async () => (await import('./workerd.ts')).open,
  },
} satisfies Record<string, Entry>

export type ContenderId = keyof typeof contenders
