import { type Deliverer, isLive } from '../vocabulary/manager-stats.ts'

const SILENT = 600_000 // ms

/**
 * Whether a process that delivered is known to be dead: it has not reported for ten minutes; or for half a minute, and this machine, where
 * it was, has no process of that number any more. One of the two alone would also be said of a process that stands still, or is in a
 * container of its own.
 */
export function hasDied(deliverer: Deliverer, at: number): boolean {
  if (at - deliverer.seen >= SILENT) return true
  return !isLive(deliverer, at) && isGone(deliverer.process)
}

function isGone(name: string): boolean {
  const [, host, pid] = /^(.*):(\d+)$/.exec(name) ?? []
  if (host !== process.getBuiltinModule('node:os').hostname()) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as { code?: unknown }).code === 'ESRCH'
  }
}
