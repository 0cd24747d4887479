import { join } from 'node:path'
import { type HostProcess, startHost } from './host-process.ts'
import type { Plan } from './plan.ts'

/** An intent that somebody was told is durable. */
export interface Ack {
  readonly key: string
  readonly op: string
}

/** The hosts of a run, whoever lives at the moment, and all that they have said. */
export interface Crew {
  readonly alive: readonly HostProcess[]
  readonly lives: number
  /** what they said of errors, by code */
  readonly errors: ReadonlyMap<string, number>
  readonly acked: number
  /** acks that nobody has taken yet */
  takeAcks(): Ack[]
  /** Starts a new life of every host that is dead. */
  start(mode: 'busy' | 'quiet'): void
  /** Resolves when all deliver alarms; on a busy machine that takes its time. */
  ready(): Promise<unknown>
  /** Waits for a line that one of them says, not for ever. One at a time. */
  heard(what: (line: string) => boolean, ms: number): Promise<boolean>
}

/** `died` is called for those who end by themselves. */
export function gatherCrew(plan: Plan, planFile: string, died: (what: string) => void): Crew {
  const hosts: HostProcess[] = []
  const errors = new Map<string, number>()
  let acks: Ack[] = []
  let acked = 0
  let lives = 0
  let listen: (line: string) => void = () => {}

  function hear(line: string): void {
    const [what, first = '', second = ''] = line.split(' ')
    if (what === 'ack') {
      acked++
      acks.push({ key: first, op: second })
    }
    if (what === 'error') errors.set(second, (errors.get(second) ?? 0) + 1)
    listen(line)
  }

  return {
    get alive() {
      return hosts.filter(({ isAlive }) => isAlive)
    },
    get lives() {
      return lives
    },
    errors,
    get acked() {
      return acked
    },
    takeAcks() {
      const taken = acks
      acks = []
      return taken
    },
    start(mode) {
      for (let index = 0; index < plan.hosts; index++) {
        if (hosts[index]?.isAlive) continue
        const life = lives++
        hosts[index] = startHost([planFile, `${index}`, `${life}`, mode], {
          cache: join(plan.path, 'cache'),
          hear,
          died: (how) => died(`host ${index} has ended by itself in life ${life}, with ${how}`),
        })
      }
    },
    ready: () => Promise.all(hosts.map(({ ready }) => ready)),
    heard: (what, ms) =>
      new Promise((resolve) => {
        const end = (found: boolean): void => {
          clearTimeout(patience)
          listen = () => {}
          resolve(found)
        }
        const patience = setTimeout(end, ms, false)
        listen = (line) => what(line) && end(true)
      }),
  }
}
