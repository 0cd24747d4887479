import type { Effect, Fed } from './explore-engine.ts'
import type { Engines } from './explore-learn.ts'
import {
  forgetStrays,
  lose,
  loseRequests,
  reachManager,
  reachStore,
  seeDurable,
  type WorldRules,
} from './explore-outside.ts'
import { faultIn, isNeverLate } from './explore-promises.ts'
import type { Budget, Draft, World } from './explore-world.ts'

/** What a schedule runs in. */
export interface Setting {
  readonly engines: Engines
  readonly rules: WorldRules
  readonly synchronous: readonly ('commit' | 'write')[]
  readonly reconcile: boolean
}

/** Lets one thing happen. */
export function step(setting: Setting, before: World, move: string): World {
  const world: Draft = { ...before }
  if (move.startsWith('set')) intend(setting, world, Number(move.slice(3)))
  else if (move.startsWith('land')) land(setting, world, Number(move.slice(4)))
  else moves[move]!(setting, world)
  forgetStrays(world, setting.rules)
  world.fault ??= faultIn(world)
  return world
}

const moves: Record<string, (setting: Setting, world: Draft) => void> = {
  delete: (setting, world) => intend(setting, world, null),
  'commit.applied': (_, world) => reachStore(world),
  'commit.ok'(setting, world) {
    world.commit = null
    feed(setting, world, 'commit.ok')
  },
  'commit.fail'(setting, world) {
    spend(world, 'failures')
    if (world.commit!.applied) world.commit = null
    stir(setting, world, 'commit.fail')
    must(world, world.engine!.broken, 'a failed commit breaks the alarm')
  },
  'write.applied'({ rules }, world) {
    const write = world.write!
    must(world, reachManager(world, write, rules), 'the owner is not refused')
    world.write = { ...write, applied: true }
  },
  'write.ok'(setting, world) {
    world.acked = world.write!.fence
    world.write = null
    feed(setting, world, 'write.ok')
  },
  'write.fail': (setting, world) => failWrite(setting, world, 'write.fail'),
  'write.giveup': (setting, world) => failWrite(setting, world, 'write.giveup'),
  backoff: (setting, world) => stir(setting, world, 'backoff'),
  wake: (setting, world) => wake(setting, world, world.manager.time!),
  'wake.late': (setting, world) => wake(setting, world, world.desired!),
  'run.ok'(setting, world) {
    if (world.run?.consumes) {
      world.desired = null
      world.consumed++
      seeDurable(world)
    }
    world.run = null
    stir(setting, world, 'run.ok')
  },
  'run.fail'(setting, world) {
    spend(world, 'failures')
    world.run = null
    stir(setting, world, 'run.fail')
  },
  expired(setting, world) {
    spend(world, 'failures')
    world.lease = null
    if (world.run?.orphan === false) world.run = null
    stir(setting, world, 'expired')
  },
  'expired.unheard'(_, world) {
    spend(world, 'failures')
    world.orphan = world.lease
    world.lease = null
    world.run &&= { ...world.run, orphan: true }
  },
  done({ rules }, world) {
    reachManager(world, { time: 'done', fence: world.lease!.fence }, rules)
    world.lease = null
  },
  'done.lost'(_, world) {
    spend(world, 'failures')
    world.mayBeEarly = true
    lose(world, { time: 'done', fence: world.lease!.fence })
    world.lease = null
  },
  crash(_, world) {
    spend(world, 'crashes')
    die(world)
  },
  open(setting, world) {
    die(world)
    world.epoch = setting.rules.raisesEpoch ? world.epoch + 1 : 1
    world.writes = world.commits = 0
    if (!setting.reconcile && world.epoch > 1) world.mayBeEarly = true
    const opened = setting.engines.open(world.store, world.epoch)
    world.acked = opened.fences + opened.engine.acked
    hearAll(setting, world, opened, 0)
  },
}

function intend(setting: Setting, world: Draft, time: number | null): void {
  spend(world, 'intents')
  world.desired = time
  world.asked++
  if (world.run?.consumes) world.run = { ...world.run, consumes: false }
  seeDurable(world)
  world.values = [...world.values, world.asked]
  stir(setting, world, time === null ? 'delete' : `set ${time}`)
}

function wake(setting: Setting, world: Draft, clock: number): void {
  const { time, fence } = world.manager
  spend(world, 'wakes')
  world.clock = Math.max(world.clock, clock)
  world.lease = { time: time!, fence, answered: false }
  const runs = runsFor(world, time!)
  stir(setting, world, `deliver ${time} ${fence - world.fence} ${world.clock}`)
  must(world, world.orphan !== null || (world.run !== null) === runs, `a wake-up ${runs ? 'runs the handler' : 'for another alarm is put right'}`)
}

/** The arming table: what the wake-up is for, or an intent that is not durable yet, or an alarm that is due by now. */
function runsFor({ desired, store, commit, clock }: World, scheduledTime: number): boolean {
  const isClean = commit === null && store === desired
  return desired === scheduledTime || !isClean || (desired !== null && desired <= clock)
}

function failWrite(setting: Setting, world: Draft, how: 'write.fail' | 'write.giveup'): void {
  const write = world.write!
  spend(world, 'failures')
  if (how === 'write.giveup') world.mayBeEarly = true
  if (!write.applied) lose(world, write)
  world.write = null
  stir(setting, world, how)
  if (write.early) must(world, world.engine!.broken, 'a failed precommit breaks the alarm')
}

function land({ rules }: Setting, world: Draft, index: number): void {
  spend(world, 'late')
  const stray = world.strays[index]!
  world.strays = world.strays.filter((other) => other !== stray)
  reachManager(world, stray, rules)
}

function spend(world: Draft, what: keyof Budget): void {
  world.left = { ...world.left, [what]: world.left[what] - 1 }
}

/** The process ends; what it asked of the manager may land later, what the store did not apply is gone. */
function die(world: Draft): void {
  loseRequests(world)
  world.engine = world.commit = null
  world.desired = world.store
  world.fence = world.acked = world.asked = world.durable = 0
  world.values = []
  world.run = null
}

/** Something happened to the engine that is no acknowledgement: it may cost one write and one commit. */
function stir(setting: Setting, world: Draft, input: string): void {
  world.writes = world.commits = 0
  feed(setting, world, input)
}

function feed(setting: Setting, world: Draft, input: string): void {
  const mayBreak = input === 'commit.fail' || input === 'write.fail'
  hearAll(setting, world, setting.engines.feed(world.engine!, input), world.fence)
  must(world, mayBreak || !world.engine!.broken, 'only a failed precommit or commit breaks the alarm')
}

function hearAll(setting: Setting, world: Draft, fed: Fed, fence: number): void {
  for (const effect of fed.effects) hear(setting, world, effect, fence)
  world.fence = fence + fed.fences
  world.engine = fed.engine
  if (!fed.engine.broken) return
  world.values = []
  world.run = null
}

function hear({ rules, synchronous }: Setting, world: Draft, effect: Effect, fence: number): void {
  switch (effect.kind) {
    case 'write':
      must(world, world.write === null, 'at most one write in flight')
      must(world, ++world.writes <= 1, 'a burst takes one write, and one more')
      world.fence = fence + effect.fence
      world.write = { time: effect.time, fence: world.fence, early: effect.move === 'earlier', applied: false }
      if (!synchronous.includes('write')) return
      must(world, reachManager(world, world.write, rules), 'the owner is not refused')
      world.acked = world.write.fence
      world.write = null
      return
    case 'commit':
      must(world, world.commit === null, 'at most one commit in flight')
      must(world, ++world.commits <= 1, 'what is asked during a commit shares the next one')
      must(world, effect.time === world.desired, 'what is committed is the newest intent')
      world.commit = { time: effect.time, asked: world.asked, applied: false }
      must(world, isNeverLate(world), 'the manager is never later than what the store may hold')
      if (!synchronous.includes('commit')) return
      reachStore(world)
      world.commit = null
      return
    case 'run':
      must(world, effect.time <= world.clock, 'no handler before its time')
      must(world, world.run === null, 'one handler at a time')
      world.run = { time: effect.time, consumes: effect.time === world.desired, orphan: isOrphan(world, effect.delivery) }
      return
    case 'value': {
      const [needs = Infinity, ...others] = world.values
      must(world, effect.inOrder, 'the output gate keeps the order')
      must(world, needs <= world.durable, 'no value leaves before its intent is durable')
      world.values = others
      return
    }
    case 'ran':
      must(world, world.commit === null && world.write === null, 'a delivery is answered only when drained')
      must(world, world.acked === world.fence, 'no delivery is answered after a write that was given up')
      return answer(world, effect.delivery)
    case 'rescheduled':
      return answer(world, effect.delivery)
    case 'failed':
      if (isOrphan(world, effect.delivery)) endOrphan(world)
      else world.lease = null
  }
}

function answer(world: Draft, delivery: number): void {
  if (isOrphan(world, delivery)) {
    lose(world, { time: 'done', fence: world.orphan!.fence })
    world.mayBeEarly = true
    endOrphan(world)
  } else world.lease &&= { ...world.lease, answered: true }
}

function endOrphan(world: Draft): void {
  world.orphan = null
  world.writes = world.commits = 0 // the delivery that waited for its turn begins
}

function isOrphan({ orphan }: World, delivery: number): boolean {
  return orphan !== null && delivery === 0
}

/** Only the first sentence that does not hold is kept. */
function must(world: Draft, holds: boolean, sentence: string): void {
  if (!holds) world.fault ??= sentence
}
