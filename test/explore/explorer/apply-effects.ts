import type { AlarmTime } from '../../../src/index.ts'
import { SEQUENCES } from '../../../src/vocabulary/fence.ts'
import type { Effect } from './effect.ts'
import type { Fed } from './engine.ts'
import type { Engines } from './learn.ts'
import { doneWith, lose, reachManager, reachStore, type WorldRules } from './outside.ts'
import { isNeverLate } from './promises.ts'
import type { Draft, World } from './world.ts'

/** What a schedule runs in. */
export interface Setting {
  readonly engines: Engines
  readonly rules: WorldRules
  readonly synchronous: readonly ('commit' | 'write')[]
  readonly reconcile: boolean
}

/** Takes in what came of an input, in the order in which it happened. */
export function applyEffects(setting: Setting, world: Draft, fed: Fed, fence: number): void {
  for (const effect of fed.effects) applyEffect(setting, world, effect, fence, fed.engine.time)
  world.fence = fence + fed.fences
  world.engine = fed.engine
  if (setting.rules.oneCopy) world.acked = world.fence
  if (!fed.engine.broken) return
  world.values = []
  world.run = null
  world.ranBefore = -1
  if (world.lease !== null && world.lease.state !== 'answered') world.lease = null
}

function applyEffect(
  { rules, synchronous }: Setting,
  world: Draft,
  effect: Effect,
  fence: number,
  reads: AlarmTime,
): void {
  switch (effect.kind) {
    case 'write':
      must(world, world.write === null, 'at most one write in flight')
      must(world, ++world.writes <= 1, 'a burst takes one write, and one more')
      must(
        world,
        effect.move === 'earlier' || world.commit === null,
        'a later write waits for the commit in flight',
      )
      world.fence = fence + effect.fence
      world.write = {
        time: effect.time,
        fence: world.fence,
        early: effect.move === 'earlier',
        again: effect.move === 'same',
        applied: false,
      }
      if (!synchronous.includes('write')) return
      must(world, reachManager(world, world.write, rules), 'the owner is not refused')
      world.acked = world.write.fence
      world.write = null
      return
    case 'commit':
      must(world, world.commit === null, 'at most one commit in flight')
      must(world, ++world.commits <= 1, 'what is asked during a commit shares the next one')
      must(world, effect.time === world.desired, 'what is committed is the newest intent')
      must(
        world,
        effect.time === null ||
          effect.time !== world.manager.time ||
          world.manager.setBy > world.ranBefore ||
          effect.row?.isNew === true,
        'an alarm that is asked again is with the manager before it is with the store',
      )
      world.commit = {
        time: effect.time,
        was: world.store,
        asked: world.asked,
        applied: false,
        fence: effect.row && (effect.row.fence === null ? world.epoch * SEQUENCES : fence + effect.row.fence),
        isNew: effect.row?.isNew === true,
      }
      must(world, isNeverLate(world), 'the manager is never later than what the store may hold')
      if (!synchronous.includes('commit')) return
      reachStore(world)
      world.commit = null
      return
    case 'run':
      must(world, effect.time <= world.clock, 'no handler before its time')
      must(world, world.run === null, 'one handler at a time')
      run(world, effect.time, isOrphan(world, effect.delivery), reads)
      return
    case 'value': {
      const [needs = Infinity, ...others] = world.values
      must(world, effect.inOrder, 'the output gate keeps the order')
      must(world, needs <= world.durable, 'no value leaves before its intent is durable')
      world.values = others
      return
    }
    case 'kept':
      world.mayBeEarly = true // what is kept need not be the newest
      world.lease &&= { ...world.lease, state: 'asked', kept: effect.time }
      return
    case 'unabandoned':
      world.lease = null
      return
    case 'abandoned':
      world.lease &&= { ...world.lease, state: 'answered' }
      return
    case 'ran':
      must(world, world.commit === null && world.write === null, 'a delivery is answered only when drained')
      must(world, world.acked === world.fence, 'no delivery is answered after a write that was given up')
      answer(world, effect.delivery)
      return
    case 'rescheduled':
      answer(world, effect.delivery)
      return
    case 'failed':
      if (isOrphan(world, effect.delivery)) endOrphan(world)
      else if (world.lease?.state === 'open') world.lease = null
  }
}

/** The handler is called. Where the alarm then reads none, its success uses up what was asked last. */
function run(world: Draft, time: number, orphan: boolean, reads: AlarmTime): void {
  const { time: delivered, setBy } = (orphan ? world.orphan : world.lease)!
  const consumes = time === world.desired && reads === null
  const isOwn = setBy > world.ranBefore || time !== delivered
  must(world, !consumes || isOwn, 'an alarm that is asked again has a delivery of its own')
  world.ran = Math.max(world.ran, setBy)
  world.run = { time, consumes, orphan }
}

function answer(world: Draft, delivery: number): void {
  if (isOrphan(world, delivery)) {
    lose(world, doneWith(world.orphan!))
    world.mayBeEarly = true
    endOrphan(world)
  } else world.lease &&= { ...world.lease, state: 'answered' }
}

function endOrphan(world: Draft): void {
  world.orphan = null
  world.writes = world.commits = 0 // the delivery that waited for its turn begins
}

function isOrphan({ orphan }: World, delivery: number): boolean {
  return orphan !== null && delivery === 0
}

/** Only the first sentence that does not hold is kept. */
export function must(world: Draft, holds: boolean, sentence: string): void {
  if (!holds) world.fault ??= sentence
}
