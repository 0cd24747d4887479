import type { AlarmTime, MemoryManager, WriteInfo } from 'nolater'
import type { VirtualClock } from 'nolater/marbles'
import { Observable } from 'rxjs'
import { random, seedOf } from '../../fleet/random.ts'
import { STEP, type Weather } from './plan.ts'

/** What becomes of one request: when it is applied, and when and how it is answered, in ms from its sending; `null` for never. */
export interface Fate {
  readonly appliedAfter: number | null
  readonly answeredAfter: number
  readonly answer: 'acknowledged' | 'refused' | 'timed out'
}

/** It depends on when a request is sent and by which actor, and on nothing else: all who send at one moment fare alike. */
export function fateOf(seed: number, actor: string, sentAt: number, weather: Weather): Fate {
  const chance = random(seedOf(seed, 'network', actor, sentAt))
  const takes = inSteps(weather.latency * (0.4 + 1.2 * chance()))
  const luck = 100 * chance()
  if (luck < weather.loss) {
    // The request is lost, or its answer, or it arrives when nobody waits for it any more.
    const answeredAfter = inSteps(2 * weather.latency + 300)
    const lands = [null, takes, inSteps(1.6 * answeredAfter)][Math.floor(chance() * 3)]!
    return { appliedAfter: lands, answeredAfter, answer: 'timed out' }
  }
  // A share of what is not lost: at the ends of both sliders some requests still come through.
  if (luck < weather.loss + (weather.failure * (100 - weather.loss)) / 100) {
    return { appliedAfter: null, answeredAfter: takes, answer: 'refused' }
  }
  return { appliedAfter: inSteps(0.6 * takes), answeredAfter: takes, answer: 'acknowledged' }
}

const inSteps = (ms: number): number => Math.max(1, Math.round(ms / STEP)) * STEP

export interface Network {
  readonly clock: VirtualClock
  readonly manager: MemoryManager
  fate(actor: string): Fate
  /** the fence of a write that came without one: above all before it, so that it is applied whatever stands there */
  nextFence(): number
  /** called after each request that was applied */
  applied(actor: string): void
}

/** Sends a write to the manager. What is sent is sent: unsubscribing stops the waiting, and nothing else. */
export function send(
  { clock, manager, fate, nextFence, applied }: Network,
  key: string,
  time: AlarmTime,
  info: WriteInfo | undefined,
): Observable<never> {
  return new Observable((waiting) => {
    const { appliedAfter, answeredAfter, answer } = fate(key)
    let refusal: unknown = answer === 'acknowledged' ? null : new Error(SAYS[answer])
    const apply = (): void => {
      const written = info ?? { key, move: 'later', fence: nextFence(), attempt: 1 }
      manager.write(key, time, written).subscribe({ error: (fenced) => (refusal = fenced) })
      applied(key)
    }
    if (appliedAfter !== null) clock.schedule(apply, appliedAfter)
    clock.schedule(() => {
      if (refusal === null) waiting.complete()
      else waiting.error(refusal)
    }, answeredAfter)
  })
}

const SAYS = {
  refused: 'refused by the manager, 503',
  'timed out': 'no answer came; it may have been applied, or be applied yet',
}
