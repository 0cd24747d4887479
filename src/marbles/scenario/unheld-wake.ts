import type { Stage } from './stage.ts'

/** Notes a wake for a time that the manager does not hold, and of which no delivery can be under way. */
export function findUnheld({ scale, manager, heldLog, unheld }: Stage, mark: string): void {
  const time = scale.timeOf(mark)
  // Before its time it is early, with any alarm at the manager.
  if (time === null || time > scale.clock.now() || heldLog.mayDeliver(time)) return
  // A manager may deliver what was written to it before it acknowledges that.
  if (manager.calls.some((call) => call.outcome === 'pending' && call.time === time)) return
  const { time: held } = manager.heldFor()
  unheld.push(
    `column ${scale.columnOf()}: wake ${mark}, but the manager holds ${held === null ? 'none' : scale.printed(held)}`,
  )
}
