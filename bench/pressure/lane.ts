// A process with a small heap, in which a million actors of one fleet are asked for one after the other.
import { EMPTY, NEVER, of } from 'rxjs'
import { AlarmError, openFleet } from '../nolater.ts'

const [activity, actors, most] = process.argv.slice(2) as ['idle' | 'busy', string, 'default' | 'none']
const keyOf = (i: number): string => `actor-${i}`
const SOME = 10_000

let loads = 0
const fleet = openFleet({
  load() {
    loads++
    return of({ time: null, epoch: loads })
  },
  commit: () => EMPTY,
  write: () => (activity === 'idle' ? EMPTY : NEVER),
  reconcile: false,
  idleAfter: Infinity,
  concurrency: Infinity,
  ...(most === 'none' && { maxActors: Infinity }),
})

const refused = new Map<string, number>()
let slowest = 0
for (let i = 0; i < Number(actors); i += SOME) {
  const began = performance.now()
  for (let j = i; j < i + SOME; j++) ask(keyOf(j))
  slowest = Math.max(slowest, performance.now() - began)
  await new Promise((resolve) => setImmediate(resolve))
}
process.send!({
  loads,
  inMemory: fleet.pressure.actors,
  refused: [...refused],
  heap: process.memoryUsage().heapUsed,
  slowest,
})

function ask(key: string): void {
  try {
    fleet.actor(key).set(4_000_000_000_000)
  } catch (error) {
    const code = error instanceof AlarmError ? error.code : String(error)
    refused.set(code, (refused.get(code) ?? 0) + 1)
  }
}
