import { Queue, Worker } from 'bullmq'
import { actorOf, type Contender, type Fired, keyOf, type Open } from './contender.ts'
import { serveRedis } from './serve-redis.ts'

export const everySecond: Open = (directory, fired) => open(directory, fired, 'everysec')
export const always: Open = (directory, fired) => open(directory, fired, 'always')

/** A delayed job for each actor, under its key; 100 at a time. */
async function open(
  directory: string,
  fired: Fired | null,
  fsync: 'everysec' | 'always',
): Promise<Contender> {
  const server = await serveRedis(directory, fsync)
  const { connection } = server
  const queue = new Queue('alarms', { connection })
  const worker = fired === null ? null : work(fired)

  function work(fired: Fired): Worker {
    const handle = async ({ name }: { name: string }): Promise<void> => fired(actorOf(name), Date.now())
    return new Worker('alarms', handle, { connection, concurrency: 100, removeOnComplete: { count: 0 } })
  }

  return {
    async set(first, times) {
      const now = Date.now()
      await queue.addBulk(
        times.map((time, i) => {
          const name = keyOf(first + i)
          return { name, data: null, opts: { jobId: name, delay: Math.max(0, time - now) } }
        }),
      )
    },
    servers: () => [server.pid],
    async close() {
      await worker?.close()
      await queue.close()
      await server.close()
    },
  }
}
