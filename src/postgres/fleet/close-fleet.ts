import type { Changes } from '../../changes/changes.ts'
import { type Closable, closable } from '../../fleet/closing/close-once.ts'
import { flushAfter } from '../../fleet/closing/flush-after.ts'
import type { FleetEngine } from '../../fleet/fleet-engine.ts'
import { fleetClosedError } from '../../vocabulary/error-of.ts'
import type { OpenDeliveries } from '../deliver-due.ts'
import type { Ownership } from './own-shards.ts'

/** What a fleet is closed with. */
interface Parts {
  readonly changes: Pick<Changes<never>, 'refuse'>
  readonly ownership: Pick<Ownership, 'leave'>
  readonly open: ReadonlySet<OpenDeliveries>
  readonly engine: Pick<FleetEngine<string>, 'refuse' | 'flush' | 'close'>
  /** Ends what goes on by itself. */
  stop(): void
  /** Lets go of the database. */
  letGo(): Promise<void>
}

/**
 * Closes the fleet of a process: changes are refused first, but those of handlers at work. Then each shard goes to the others when nothing is
 * under way in it; by then no handler is at work, and its answers are waited for, and what was asked of the actors by other ways.
 */
export function closeFleet({ changes, ownership, open, engine, stop, letGo }: Parts): Closable {
  async function leave(): Promise<void> {
    changes.refuse(fleetClosedError())
    await ownership.leave()
    await Promise.all([...open].map((deliveries) => deliveries.drain()))
  }

  async function end(): Promise<void> {
    stop()
    engine.close()
    await letGo()
  }

  return closable(() => flushAfter(leave, engine), end)
}
