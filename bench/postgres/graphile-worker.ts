import { Logger, makeWorkerUtils, type RunnerOptions, run } from 'graphile-worker'
import { Pool } from 'pg'
import type { Entry, Queue } from './queue.ts'

type Settings = NonNullable<NonNullable<RunnerOptions['preset']>['worker']>

/** Plain jobs, 10 at a time over 10 connections, with the poll that nolater has. */
export const plain: Entry = {
  name: 'graphile-worker',
  open: (...args) => open({ concurrentJobs: 10, pollInterval: 1_000 }, ...args),
}

/** What its guide to performance says: taken and completed in batches. */
export const tuned: Entry = {
  name: 'graphile-worker, tuned',
  open: (...args) => open(batched, ...args),
}

const batched: Settings = {
  concurrentJobs: 24,
  pollInterval: 100,
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
}

async function open(
  worker: Settings,
  ...[connectionString, schema, fired]: Parameters<Entry['open']>
): Promise<Queue> {
  const pool = new Pool({ connectionString, max: 10 })
  // It complains about a pool that nobody listens to.
  pool.on('error', () => {}).on('connect', (client) => client.on('error', () => {}))
  const logger = new Logger(() => () => {})
  const utils = await makeWorkerUtils({ pgPool: pool, schema, logger })
  await utils.migrate()
  const runner =
    fired &&
    (await run({
      pgPool: pool,
      schema,
      logger,
      noHandleSignals: true,
      preset: { worker: { ...worker, maxPoolSize: 10 } },
      taskList: { wake: async (_, { job }) => fired(job.key as string, Date.now()) },
    }))
  const specOf = (jobKey: string, time: number) => ({ jobKey, runAt: new Date(time) })
  return {
    one: (key, time) => utils.addJob('wake', null, specOf(key, time)),
    many: (keys, time) =>
      utils.addJobs(keys.map((key) => ({ identifier: 'wake', payload: null, ...specOf(key, time) }))),
    async close() {
      await runner?.stop()
      await utils.release()
      await pool.end()
    },
  }
}
