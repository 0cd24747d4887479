import type { HostProcess } from '../host-process.ts'
import { pick, type World } from './fault.ts'

/** When to kill whom. What happens until then takes its own time, so a seed repeats the choice and not the very moment. */
export interface Kill {
  readonly victims: readonly HostProcess[]
  /** lines that the first victim has still to say */
  readonly lines: number
  /** or so many ms, whatever comes first */
  readonly ms: number
}

/** Mostly one process; now and then all of them, as when the machine dies. Mostly at work; now and then while it starts. */
export function chooseKill({ hosts, chance }: World): Kill {
  const victims = chance() < 0.1 ? hosts : [pick(chance, hosts)]
  return chance() < 0.75
    ? { victims, lines: 1 + Math.floor(chance() ** 2 * 300), ms: 1_500 }
    : { victims, lines: Infinity, ms: Math.floor(chance() * 400) }
}
