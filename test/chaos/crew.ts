import type { Run } from './owners.ts'
import type { Plan } from './plan.ts'
import { startWorker, type WorkerProcess } from './worker-process.ts'

/** The workers of a run, whoever lives at the moment, and all that they have said. */
export interface Crew {
  readonly alive: readonly WorkerProcess[]
  readonly lives: number
  /** what they said of errors, by where and code */
  readonly errors: ReadonlyMap<string, number>
  /** intents that somebody was told are durable */
  readonly acks: readonly { readonly key: string; readonly op: string }[]
  readonly runs: readonly Run[]
  /** Starts a new life of every worker that is dead. */
  start(mode: 'busy' | 'quiet'): void
  /** Kills them, and ends what they had in hand. */
  kill(victims: readonly WorkerProcess[]): Promise<void>
}

export function gatherCrew(plan: Plan, died: (what: string) => void): Crew {
  const workers: WorkerProcess[] = []
  const names = new Map<WorkerProcess, string>()
  const errors = new Map<string, number>()
  const acks: { key: string; op: string }[] = []
  const runs = new Map<string, Run>()
  let lives = 0

  function hear(worker: string, [what = '', first = '', second = '', third = '']: readonly string[]): void {
    if (what === 'ack') acks.push({ key: first, op: second })
    if (what === 'error') errors.set(`${first} ${second}`, (errors.get(`${first} ${second}`) ?? 0) + 1)
    if (what === 'begin') runs.set(second, { key: first, worker, began: Number(third), ended: Infinity })
    if (what === 'end') runs.get(second)!.ended = Number(third)
  }

  function start(mode: 'busy' | 'quiet'): void {
    for (let index = 0; index < plan.workers; index++) {
      if (workers[index]?.isAlive) continue
      const name = `worker ${index}, life ${lives}`
      const worker = startWorker(plan, [`${index}`, `${lives}`, mode], {
        hear: (words) => hear(name, words),
        died: (how) => died(`${name} has ended by itself, with ${how}`),
      })
      workers[index] = worker
      names.set(worker, name)
      lives++
    }
  }

  return {
    get alive() {
      return workers.filter(({ isAlive }) => isAlive)
    },
    get lives() {
      return lives
    },
    errors,
    acks,
    get runs() {
      return [...runs.values()]
    },
    start,
    async kill(victims) {
      await Promise.all(victims.map((victim) => victim.kill()))
      const dead = new Set(victims.map((victim) => names.get(victim)))
      for (const run of runs.values()) if (dead.has(run.worker)) run.ended = Math.min(run.ended, Date.now())
    },
  }
}
