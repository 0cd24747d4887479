import { fileURLToPath } from 'node:url'
import { serveWorkerd } from '../serve-workerd.ts'
import type { Contender, Fired } from './contender.ts'

/** Durable Objects with their own alarms. Their fires are fetched from inside, with the clock as they read it. */
export async function open(directory: string, fired: Fired | null): Promise<Contender> {
  const config = fileURLToPath(new URL('workerd/config.capnp', import.meta.url))
  const server = await serveWorkerd(config, directory)

  async function fetchFired(fired: Fired): Promise<void> {
    const fires = (await server.ask('/fired', {})) as [actor: number, at: number][]
    for (const [actor, at] of fires) fired(actor, at)
  }

  let fetching = Promise.resolve()
  const timer =
    fired === null
      ? undefined
      : setInterval(() => {
          fetching = fetching.then(() => fetchFired(fired))
        }, 100)
  return {
    set: async (first, times) => {
      await server.ask('/set', { first, times })
    },
    servers: () => [server.pid],
    async close() {
      clearInterval(timer)
      await fetching
      await server.close()
    },
  }
}
