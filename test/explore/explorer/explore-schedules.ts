import type { Setting } from './apply-effects.ts'
import { keyOf } from './key.ts'
import { openLayer } from './layer.ts'
import { learnEngines } from './learn.ts'
import { movesOf } from './moves.ts'
import { boundsOf, type ExploreOptions } from './options.ts'
import { openPaths } from './paths.ts'
import { isAtRest } from './promises.ts'
import { type Replay, replaySchedule } from './replay-schedule.ts'
import { leaveAlone, watch } from './rest.ts'
import { openSample } from './sample.ts'
import { openSeen } from './seen.ts'
import { step } from './step.ts'
import { type World, worldBefore } from './world.ts'

/** What an exploration has seen. */
export interface Exploration {
  /** the shortest schedule that breaks the protocol, or `null` */
  readonly violation: Replay | null
  readonly states: number
  readonly steps: number
  /** complete schedules that those steps make up; 0 where a violation ended the search */
  readonly schedules: number
  /** moves in the longest of the shortest ways to a state */
  readonly depth: number
  readonly engine: {
    readonly states: number
    /** inputs that real engines were given */
    readonly inputs: number
  }
  /** steps that were taken a second time, by another way, and ended alike */
  readonly audited: number
}

/**
 * Drives a real engine through every order of everything that can happen, within bounds, and checks the protocol after every step.
 *
 * What can happen: the next intent; a commit applied, acknowledged or failed; a manager write likewise, or landing after its client gave
 * up; a wake-up on time or late; a handler that succeeds or fails; "done" applied or lost; a lease that runs out; a back-off that ends;
 * a crash, and an opening from the store. States already seen are not explored again; the shortest schedules come first.
 *
 * ```ts
 * const { violation, states } = exploreSchedules({ intents: 2 })
 * console.log(violation?.diagram ?? `${states} states, no violation`)
 * ```
 */
export function exploreSchedules(options: ExploreOptions = {}): Exploration {
  const { asking, left, alarms, ...bounds } = boundsOf(options)
  const engines = learnEngines(bounds)
  const setting: Setting = { ...bounds, engines }
  const seen = openSeen()
  const rested = openSeen()
  const paths = openPaths()
  const detours = openSample<{ world: World; state: number }>()
  const numberOf = ({ engine }: World): number => (engine === null ? 0 : engines.numberOf(engine))
  let depth = 0

  /** States reached by another way must go on alike. */
  function audit(): number {
    let steps = 0
    for (const { world, state } of detours.all) {
      const moves = movesOf(world, asking)
      const reached = moves.map((move) => {
        const after = step(setting, world, move)
        if (after.fault !== null) return -1
        return ~seen.add(keyOf(after, numberOf(after)), state, move)
      })
      // Strays land in the order in which they were lost, which says nothing.
      if (String(Int32Array.from(reached).sort()) !== String(paths.from(state).toSorted())) {
        throw new Error(
          `The key of a world does not say all: ${seen.scheduleTo(state).join(' ')} is not alone.`,
        )
      }
      steps += moves.length
    }
    return steps
  }

  function result(schedule: string[] | null): Exploration {
    const violation = schedule && replaySchedule(schedule.join(' '), options)
    if (violation?.fault === null) {
      throw new Error(
        `The engine's record does not say all: its states seemed to allow\n${violation.schedule}\n${violation.diagram}`,
      )
    }
    return {
      violation,
      states: seen.size,
      steps: paths.steps,
      schedules: violation ? 0 : paths.count(seen.size),
      depth,
      audited: violation || options.audits === false ? 0 : engines.audit() + audit(),
      engine: { states: engines.states, inputs: engines.fed },
    }
  }

  let layer = openLayer(engines)
  for (const alarm of alarms) {
    const world = worldBefore(alarm, left)
    layer.add(world, seen.add(keyOf(world, 0), -1, `alarm=${alarm}`))
  }
  let shortest: string[] | null = null
  const isShorter = (moves: number): boolean => shortest === null || moves < shortest.length
  for (; layer.size > 0 && isShorter(depth + 2); depth++) {
    const next = openLayer(engines)
    for (const [before, from] of layer.drain()) {
      for (const move of movesOf(before, asking)) {
        const world = step(setting, before, move)
        if (world.fault !== null) return result([...seen.scheduleTo(from), move])
        const state = seen.add(keyOf(world, numberOf(world)), from, move)
        paths.add(from, state < 0 ? ~state : state)
        if (state < 0) {
          detours.add({ world, state: ~state })
          continue
        }
        next.add(world, state)
        if (!isAtRest(world)) continue
        const alone = leaveAlone(world)
        if (rested.add(keyOf(alone, numberOf(alone)), -1, '') < 0) continue
        const { fault, moves } = watch(setting, alone)
        if (fault === null || !isShorter(depth + 3 + moves.length)) continue
        shortest = [...seen.scheduleTo(from), move, 'rest', ...moves]
      }
    }
    layer = next
  }
  return result(shortest)
}
