import type { HostProcess } from '../host-process.ts'
import type { SteppedClock } from '../machine-clock.ts'
import type { Plan } from '../plan.ts'
import type { SmallDisk } from '../small-disk.ts'

/** What a fault can lay its hands on. */
export interface World {
  readonly plan: Plan
  readonly clock: SteppedClock
  readonly disk: SmallDisk | null
  /** the living ones */
  readonly hosts: readonly HostProcess[]
  chance(): number
}

/** One kind of trouble, other than a kill. It lasts over one kill or several. */
export interface Fault {
  readonly name: string
  /** what a host says when it has met this trouble; `null`: nothing, it is there at once */
  readonly bite: RegExp | null
  /** Begins it; what it returns ends it. `null` where it cannot be had. */
  begin(world: World): (() => void) | null
}

export const pick = <T>(chance: () => number, from: readonly T[]): T =>
  from[Math.floor(chance() * from.length)]!
