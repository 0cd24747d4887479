import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import { Pool } from 'pg'
import { actorOf, type Contender, type Fired, keyOf } from './contender.ts'
import { servePostgres } from './serve-postgres.ts'
import { withChildren } from './weigh.ts'

/** What its guide to performance says: many jobs at a time, taken and completed in batches. It finds future jobs by polling. */
const tuned = {
  concurrentJobs: 24,
  maxPoolSize: 25,
  pollInterval: 100,
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
}

/** A job with a key for each actor. */
export async function open(directory: string, fired: Fired | null): Promise<Contender> {
  const server = await servePostgres(directory)
  const pool = new Pool({ connectionString: server.connectionString, max: tuned.maxPoolSize })
  // It complains about a pool that nobody listens to.
  pool.on('error', () => {}).on('connect', (client) => client.on('error', () => {}))
  const logger = new Logger(() => () => {})
  const utils = await makeWorkerUtils({ pgPool: pool, logger })
  await utils.migrate()
  const runner = fired === null ? null : await start(fired)

  function start(fired: Fired) {
    return run({
      pgPool: pool,
      logger,
      noHandleSignals: true,
      preset: { worker: tuned },
      taskList: {
        wake: async (_, { job }) => fired(actorOf(job.key as string), Date.now()),
      },
    })
  }

  return {
    async set(first, times) {
      await utils.addJobs(
        times.map((time, i) => ({
          identifier: 'wake',
          jobKey: keyOf(first + i),
          runAt: new Date(time),
          payload: null,
        })),
      )
    },
    servers: () => withChildren(server.pid),
    async close() {
      await runner?.stop()
      await utils.release()
      await pool.end()
      await server.close()
    },
  }
}
