import type { Setting } from './apply-effects.ts'
import { drawSchedule, type Moment } from './draw-schedule.ts'
import { runEngines } from './learn.ts'
import { movesOf } from './moves.ts'
import { boundsOf, type ExploreOptions } from './options.ts'
import { faultLeft, leaveAlone } from './rest.ts'
import { step } from './step.ts'
import { type World, worldBefore } from './world.ts'

/** What came of a schedule. */
export interface Replay {
  /** the first sentence of the protocol that did not hold, or `null` */
  readonly fault: string | null
  readonly schedule: string
  readonly diagram: string
}

const plenty = { intents: 99, wakes: 99, failures: 99, crashes: 99, late: 99, abandons: 99 }

/**
 * Runs one schedule on a real engine, as it is printed with a violation, and draws it.
 *
 * Of the options only the engine, `reconcile`, `synchronous`, `times` and `world` matter. Throws where the schedule says what cannot happen.
 *
 * ```ts
 * console.log(replaySchedule('alarm=2 open set3 commit.applied commit.ok').diagram)
 * ```
 */
export function replaySchedule(schedule: string, options: ExploreOptions = {}): Replay {
  const { intents: _, ...others } = options // the schedule has its own, in any order
  const { rules, synchronous, reconcile, asking, ...engine } = boundsOf({
    times: 7,
    also: ['unconfirmed', 'touch'],
    ...others,
  })
  const engines = runEngines({ ...engine, synchronous, reconcile })
  const setting: Setting = { engines, rules, synchronous, reconcile }
  const [alarm = '', ...moves] = schedule.trim().split(/\s+/)
  const [, time] = /^alarm=(null|\d)$/.exec(alarm) ?? []
  if (time === undefined)
    throw new Error(`A schedule begins with alarm=null or alarm=<time>; given ${alarm}.`)

  let world: World = worldBefore(time === 'null' ? null : Number(time), plenty)
  let alone: World | null = null
  const moments: Moment[] = []
  for (const move of moves) {
    const before = world
    if (move === 'rest') world = alone = leaveAlone(world)
    else if (movesOf(world, asking).includes(move)) world = step(setting, world, move)
    else
      throw new Error(
        `"${move}" (number ${moments.length + 1}) cannot happen in ${schedule}; it could be: ${movesOf(world, asking)}.`,
      )
    moments.push({ move, before, after: world })
    if (world.fault !== null) break
  }
  const fault = world.fault ?? (alone === null ? null : faultLeft(alone, world))
  return { fault, schedule, diagram: drawSchedule(moments) }
}
