import { join } from 'node:path'

/** What all processes of a run agree on. */
export interface Plan {
  readonly seed: number
  readonly path: string
  readonly actors: readonly string[]
  readonly hosts: number
  readonly sabotage: Sabotage
}

/** How a host is broken on purpose, to see that the checker sees it. */
export const SABOTAGES = ['none', 'commit-first', 'answer-early', 'no-fence', 'leaky-gate'] as const
export type Sabotage = (typeof SABOTAGES)[number]

/** ms within which a handler must answer; short, so that what a killed process had in hand is soon delivered again */
export const LEASE = 600

/** ms that a process waits for another's lock; short, so that the locks of a run outlast it */
export const BUSY = 120

export const clockFile = ({ path }: Plan): string => join(path, 'clock')
export const managerFile = ({ path }: Plan): string => join(path, 'manager.db')
export const actorFile = ({ path, actors }: Plan, key: string): string =>
  join(path, `actor-${actors.indexOf(key)}.db`)

export function makePlan(
  seed: number,
  path: string,
  { actors = 24, hosts = 3 } = {},
): Omit<Plan, 'sabotage'> {
  return { seed, path, hosts, actors: Array.from({ length: actors }, (_, i) => `actor-${i}`) }
}
