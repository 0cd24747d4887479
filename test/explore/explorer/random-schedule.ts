import type { Setting } from './apply-effects.ts'
import { runEngines } from './learn.ts'
import { movesOf } from './moves.ts'
import { boundsOf, type ExploreOptions } from './options.ts'
import { type Replay, replaySchedule } from './replay-schedule.ts'
import { leaveAlone, watch } from './rest.ts'
import { step } from './step.ts'
import { worldBefore } from './world.ts'

/** What came of a schedule that was made up on the way. */
export interface RandomSchedule {
  readonly seed: number
  readonly steps: number
  /** the schedule that breaks the protocol, with all left out that it can do without, or `null` */
  readonly violation: Replay | null
}

/**
 * Makes up one schedule, until nothing is left that can happen, and runs it on a real engine. The same seed makes the same schedule.
 *
 * For bounds that cannot be explored exhaustively; it knows nothing of keys and records.
 *
 * ```ts
 * const { violation } = randomSchedule(42, { intents: 20, crashes: 2 })
 * if (violation !== null) console.log(violation.diagram)
 * ```
 */
export function randomSchedule(seed: number, options: ExploreOptions = {}): RandomSchedule {
  const { asking, left, alarms, ...bounds } = boundsOf(options)
  const setting: Setting = { ...bounds, engines: runEngines(bounds) }
  const random = randomFrom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const alarm = pick(alarms)
  const moves = [`alarm=${alarm}`]
  const found = (tail: readonly string[] = []): RandomSchedule => ({
    seed,
    steps: moves.length,
    violation: shorten([...moves, ...tail], options),
  })

  let world = worldBefore(alarm, left)
  for (let possible = movesOf(world, asking); possible.length > 0; possible = movesOf(world, asking)) {
    const lucky = possible.filter((move) => !isUnlucky(move))
    const likely = lucky.length > 0 && random() < 0.85 ? lucky : possible
    const asked = likely.filter(isIntent)
    // Many intents are possible at any time: by count alone they would all come first.
    const move = pick(
      asked.length > 0 && (asked.length === likely.length || random() < 0.25)
        ? asked
        : without(likely, asked),
    )
    moves.push(move)
    world = step(setting, world, move)
    if (world.fault !== null) return found()
  }
  const tail = watch(setting, leaveAlone(world))
  return tail.fault === null ? { seed, steps: moves.length, violation: null } : found(['rest', ...tail.moves])
}

/** Leaves out a few moves here and there, for as long as the same sentence stays broken. */
function shorten(moves: readonly string[], options: ExploreOptions): Replay {
  let shortest = replaySchedule(moves.join(' '), options)
  for (const width of [4, 3, 2, 1, 4, 3, 2, 1]) {
    for (let i = moves.length - width; i > 0; i--) {
      const shorter = replayWithout(shortest, i, width, options)
      if (shorter?.fault === shortest.fault) shortest = shorter
    }
  }
  return shortest
}

function replayWithout(
  { schedule }: Replay,
  from: number,
  width: number,
  options: ExploreOptions,
): Replay | null {
  const moves = schedule.split(' ')
  if (from + width > moves.length) return null
  try {
    return replaySchedule(moves.toSpliced(from, width).join(' '), options)
  } catch {
    return null // what comes later needs them
  }
}

function isIntent(move: string): boolean {
  return move === 'delete' || move.startsWith('set')
}

function isUnlucky(move: string): boolean {
  return /fail|giveup|lost|expired|crash|land/.test(move)
}

function without(list: readonly string[], others: readonly string[]): readonly string[] {
  return others.length === list.length ? list : list.filter((item) => !others.includes(item))
}

/** Mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let bits = Math.imul(state ^ (state >>> 15), 1 | state)
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits
    return ((bits ^ (bits >>> 14)) >>> 0) / 4294967296
  }
}
