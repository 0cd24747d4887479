import type { ManagerNeed } from './factory.ts'
import type { Rig } from './rig.ts'

/** One promise of the port, and how it is checked. */
export interface Case {
  readonly title: string
  readonly needs?: readonly ManagerNeed[]
  check(rig: Rig): Promise<void>
}
