import { Logger, makeWorkerUtils, type RunnerOptions, run } from 'graphile-worker'
import { Pool } from 'pg'
import { actorOf, keyOf } from '../manager/contender.ts'
import type { Alarm, Open, Opening, Place, Queue } from './queue.ts'

type Settings = NonNullable<NonNullable<RunnerOptions['preset']>['worker']>

/** Plain jobs, 10 at a time over 10 connections, with the poll that nolater has. */
export const plain: Open = (...args) => open({ concurrentJobs: 10, pollInterval: 1_000 }, ...args)

/** What its guide to performance says: taken and completed in batches. */
export const tuned: Open = (...args) => open(batched, ...args)

const batched: Settings = {
  concurrentJobs: 24,
  pollInterval: 100,
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
}

async function open(
  worker: Settings,
  { connectionString, schema }: Place,
  { handle, delivers }: Opening,
): Promise<Queue> {
  const pool = new Pool({ connectionString, max: 10 })
  // It complains about a pool without listeners.
  pool.on('error', () => {}).on('connect', (client) => client.on('error', () => {}))
  const logger = new Logger(() => () => {})
  const utils = await makeWorkerUtils({ pgPool: pool, schema, logger })
  await utils.migrate()
  const runner = delivers
    ? await run({
        pgPool: pool,
        schema,
        logger,
        noHandleSignals: true,
        preset: { worker: { ...worker, maxPoolSize: 10 } },
        taskList: { wake: (_, { job }) => handle(actorOf(job.key as string)) },
      })
    : undefined
  const specOf = ({ actor, time }: Alarm) => ({ jobKey: keyOf(actor), runAt: new Date(time) })
  return {
    one: (alarm) => utils.addJob('wake', null, specOf(alarm)),
    many: (alarms) =>
      utils.addJobs(alarms.map((alarm) => ({ identifier: 'wake', payload: null, ...specOf(alarm) }))),
    async close() {
      await runner?.stop()
      await utils.release()
      await pool.end()
    },
  }
}
