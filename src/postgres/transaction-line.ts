import type { Pool } from 'pg'

interface Line {
  free: number
  readonly waiting: (() => void)[]
}

/** One listens; and a transaction waits for the manager, whose statement needs one. */
const SPARE = 2
const lines = new WeakMap<Pool, Line>()

/**
 * Waits until the pool can spare a connection for a transaction; resolves with what gives the place to the next.
 *
 * Without it as many transactions as the pool has connections would wait for the one that the manager needs to answer them.
 */
export async function standInLine(pool: Pool): Promise<() => void> {
  const line = lines.get(pool) ?? { free: Math.max(1, (pool.options?.max ?? 10) - SPARE), waiting: [] }
  lines.set(pool, line)
  if (line.free > 0) line.free--
  else await new Promise<void>((resolve) => line.waiting.push(resolve))
  return () => {
    const next = line.waiting.shift()
    if (next === undefined) line.free++
    else next()
  }
}
