import { fileURLToPath } from 'node:url'
import { serveWorkerd } from '../serve-workerd.ts'
import type { Contender } from './contender.ts'

/** Real Durable Objects: their runtime, on a loopback port, with its storage on this disk. */
export async function durableObjects(directory: string): Promise<Contender> {
  const config = fileURLToPath(new URL('workerd/config.capnp', import.meta.url))
  const { ask, close } = await serveWorkerd(config, directory)
  return {
    set: async (actors, times) => (await ask('/', { actors, times })) as (number | null)[],
    close,
  }
}
