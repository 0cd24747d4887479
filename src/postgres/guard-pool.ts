import type { Pool, PoolClient } from 'pg'

/** A pool that is guarded, and by how many. */
interface Guarded {
  by: number
  readonly release: () => void
}

// However many stores share a pool, one listener: from the eleventh on Node warns of a leak.
const pools = new WeakMap<Pool, Guarded>()
const clients = new WeakSet<PoolClient>() // they outlast a guard

/**
 * Keeps a connection that breaks from ending the process: it emits an error, which does so without a listener. What uses the connection
 * gets the error anyway. Returns what ends that.
 */
export function guardPool(pool: Pool): () => void {
  const guarded = pools.get(pool) ?? { by: 0, release: listenTo(pool) }
  guarded.by++
  pools.set(pool, guarded)
  let isOver = false
  return () => {
    if (isOver) return
    isOver = true
    if (--guarded.by > 0) return
    guarded.release()
    pools.delete(pool)
  }
}

function listenTo(pool: Pool): () => void {
  const ignore = (): void => {}
  const listenToClient = (client: PoolClient): void => {
    if (clients.has(client)) return
    clients.add(client)
    client.on('error', ignore)
  }
  pool.on('error', ignore)
  pool.on('connect', listenToClient)
  pool.on('acquire', listenToClient)
  return () => {
    pool.off('error', ignore)
    pool.off('connect', listenToClient)
    pool.off('acquire', listenToClient)
  }
}
