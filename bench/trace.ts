import type { Actor, AlarmTime } from './rival.ts'

/** What an actor holds before anything is asked. */
export const START = 1_800_000_000_000

const HOUR = 3_600_000

/** The same intents for everybody: times within the next hour, one in sixteen a delete, never the same twice running. */
export function recordTrace(n: number, seed = 42): AlarmTime[] {
  const random = randomFrom(seed)
  const trace: AlarmTime[] = []
  let last: AlarmTime = START
  for (let i = 0; i < n; i++) {
    const time: AlarmTime =
      random() < 1 / 16 && last !== null ? null : START + 1 + Math.floor(random() * HOUR)
    last = time === last ? START : time
    trace.push(last)
  }
  return trace
}

export function ask(actor: Actor, time: AlarmTime): void {
  if (time === null) actor.delete()
  else actor.set(time)
}

/** A thousand at a time, because a function that is called often is compiled, and one that loops for once is not at once. */
export function askAll(actor: Actor, trace: readonly AlarmTime[]): void {
  for (let i = 0; i < trace.length; i += 1000) askSome(actor, trace, i, Math.min(i + 1000, trace.length))
}

function askSome(actor: Actor, trace: readonly AlarmTime[], from: number, to: number): void {
  for (let i = from; i < to; i++) ask(actor, trace[i] as AlarmTime)
}

/** mulberry32 */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
