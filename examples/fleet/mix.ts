import { random, seedOf } from './random.ts'
import type { ScriptLine } from './script.ts'

export const ACTORS = 1_000

/** The one actor whose story is told, and what it asks: a time at which it is quiet, and the alarm. */
export const HERO = 'hero'
const HERO_ASKS: readonly (readonly [number, number | null])[] = [
  [1_000, 1_900],
  [1_200, 1_400], // earlier: the manager first
  [1_205, 1_700], // later: the store first
  [2_100, 9_000],
  [2_103, 8_000],
  [2_106, 7_000], // three minds in 6 ms: one write
  [2_600, null],
  [3_000, 4_600], // stands while the process is killed
  [5_600, 6_000],
]

/** The built-in script of a run of `length` ms: the same lines for the same seed. */
export function mix(seed: number, length: number): ScriptLine[] {
  const lines: ScriptLine[] = [...HERO_ASKS.map(([at, set]) => ({ at, actor: HERO, set }))]
  for (let i = 1; i < ACTORS; i++) {
    const actor = `actor-${String(i).padStart(4, '0')}`
    const chance = random(seedOf(seed, actor))
    const between = (from: number, to: number): number => Math.round(from + chance() * (to - from))
    const asks = between(3, 6)
    for (let n = 0; n < asks; n++) {
      const at = between(0, length - 500)
      // Now and then somebody changes his mind several times before anything could be written.
      const minds = chance() < 0.15 ? between(2, 6) : 1
      for (let mind = 0; mind < minds; mind++) lines.push({ at: at + mind * 3, actor, set: wish(at) })
    }

    function wish(at: number): number | null {
      const kind = chance()
      if (kind < 0.12) return null
      if (kind < 0.17) return Math.max(0, at - between(0, 50)) // in the past: at once
      if (kind < 0.65) return at + between(30, 2_500)
      return at + between(2_500, 60_000)
    }
  }
  return lines.sort((a, b) => a.at - b.at)
}

/** How a handler behaves for one alarm. */
export interface Mood {
  /** attempts that fail before one succeeds */
  readonly fails: number
  /** ms of work; 0: it answers synchronously */
  readonly works: number
  /** ms until it wants to be woken again */
  readonly again: number | null
}

export const CALM: Mood = { fails: 0, works: 0, again: null }

/** The same mood for the same alarm, on its retry and in another process too. */
export function moodOf(seed: number, actor: string, alarm: number): Mood {
  const chance = random(seedOf(seed, actor, alarm))
  return {
    fails: chance() < 0.05 ? 1 : 0,
    works: chance() < 0.5 ? 0 : Math.round(chance() * 30),
    again: chance() < 0.35 ? Math.round(100 + chance() * 4_000) : null,
  }
}
