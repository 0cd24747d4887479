import { applyEffects, must, type Setting } from './apply-effects.ts'
import {
  doneWith,
  forgetStrays,
  keepFailed,
  lose,
  loseRequests,
  reachManager,
  reachStore,
} from './outside.ts'
import { faultIn } from './promises.ts'
import type { Budget, Draft, World } from './world.ts'

/** Lets one thing happen. */
export function step(setting: Setting, before: World, move: string): World {
  const world: Draft = { ...before }
  if (/^(set|delete|touch)/.test(move)) intend(setting, world, move)
  else if (move.startsWith('land')) land(setting, world, Number(move.slice(4)))
  else moves[move]!(setting, world)
  forgetStrays(world, setting.rules)
  world.fault ??= faultIn(world)
  return world
}

const moves: Record<string, (setting: Setting, world: Draft) => void> = {
  'commit.applied': (_, world) => reachStore(world),
  'commit.ok'(setting, world) {
    world.commit = null
    feed(setting, world, 'commit.ok')
  },
  'commit.fail'(setting, world) {
    spend(world, 'failures')
    if (world.commit!.applied) world.commit = null
    trigger(setting, world, 'commit.fail')
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
  backoff: (setting, world) => trigger(setting, world, 'backoff'),
  wake: (setting, world) => wake(setting, world, world.manager.time!),
  'wake.late': (setting, world) => wake(setting, world, world.desired!),
  'run.ok'(setting, world) {
    if (world.run?.consumes) {
      world.desired = null
      world.asked++
      world.consumed++
    }
    world.run = null
    trigger(setting, world, 'run.ok')
  },
  'run.fail'(setting, world) {
    spend(world, 'failures')
    failHandler(setting, world)
  },
  'run.fail.last'(setting, world) {
    const { lease } = world
    spend(world, 'abandons')
    failHandler(setting, world)
    world.lease = lease && { ...lease, state: 'exhausted' }
  },
  'fail.elsewhere'(_, world) {
    const { time, fence, setBy } = world.manager
    spend(world, 'abandons')
    world.lease = { time: time!, fence, setBy, state: 'exhausted', kept: null }
  },
  abandon: (setting, world) => abandon(setting, world),
  keep: ({ rules }, world) => keepFailed(world, rules),
  retry(_, world) {
    world.manager = { ...world.manager, failed: false }
  },
  expired(setting, world) {
    spend(world, 'failures')
    if (world.run === null && world.desired === null) world.mayBeEarly = true // the answer would have been the deletion
    world.lease = null
    if (world.run?.orphan === false) world.run = null
    trigger(setting, world, 'expired')
  },
  'expired.unnoticed'(_, world) {
    spend(world, 'failures')
    world.orphan = world.lease
    world.lease = null
    world.run &&= { ...world.run, orphan: true }
  },
  done({ rules }, world) {
    reachManager(world, doneWith(world.lease!), rules)
    world.lease = null
  },
  'done.lost'(_, world) {
    spend(world, 'failures')
    world.mayBeEarly = true
    lose(world, doneWith(world.lease!))
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
    if (!setting.reconcile && !setting.rules.oneCopy && world.epoch > 1) world.mayBeEarly = true
    const opened = setting.engines.open(world.store, world.epoch, world.clock)
    world.acked = opened.fences + opened.engine.acked
    applyEffects(setting, world, opened, 0)
  },
}

/** `set3`, `delete` or `touch`; with a `~` it does not close the gate. */
function intend(setting: Setting, world: Draft, move: string): void {
  const [, word = '', time = '', tilde = ''] = /^([a-z]+)(\d*)(~?)$/.exec(move) ?? []
  spend(world, 'intents')
  const wanted = word === 'touch' ? world.desired : time === '' ? null : Number(time)
  // The same value again is no move: nothing has changed around it either, or it would be touched.
  const { manager } = world
  const isAsked = setting.rules.oneCopy && world.ran <= world.ranBefore // and not in the row yet
  const isAgain = wanted !== null && wanted === manager.time && world.ran >= manager.setBy && !isAsked
  if (word === 'touch' || wanted !== world.desired || isAgain) world.asked++
  if (word !== 'touch') world.ranBefore = world.ran
  if (tilde === '') world.gated = world.asked
  world.desired = wanted
  if (word !== 'touch' && world.run?.consumes) world.run = { ...world.run, consumes: false }
  world.values = [...world.values, world.gated]
  trigger(setting, world, `${word}${tilde} ${time}`.trim())
}

function wake(setting: Setting, world: Draft, clock: number): void {
  const { time, fence, setBy } = world.manager
  spend(world, 'wakes')
  world.clock = Math.max(world.clock, clock)
  world.lease = { time: time!, fence, setBy, state: 'open', kept: null }
  const runs = runsFor(world, time!)
  trigger(setting, world, `deliver ${time} ${fence - world.fence} ${world.clock}`)
  must(
    world,
    world.orphan !== null || (world.run !== null) === runs,
    `a wake-up ${runs ? 'runs the handler' : 'for another alarm is put right'}`,
  )
}

/** The arming table: what the wake-up is for, or an intent that is not durable yet, or an alarm that is due by now. */
function runsFor(world: World, scheduledTime: number): boolean {
  const { desired, clock } = world
  return desired === scheduledTime || !isClean(world) || (desired !== null && desired <= clock)
}

/** Nothing that was asked of the alarm is on its way to the store. */
function isClean({ commit, store, desired }: World): boolean {
  return commit === null ? store === desired : commit.time === desired && commit.was === desired
}

function failHandler(setting: Setting, world: Draft): void {
  world.run = null
  trigger(setting, world, 'run.fail')
}

/** The manager asks what stands in place of an alarm whose last retry failed. */
function abandon(setting: Setting, world: Draft): void {
  const { time, fence, setBy } = world.lease!
  const fed = setting.engines.feed(world.engine!, `abandon ${time} ${fence - world.fence}`)
  const isRefused = fed.effects.some(({ kind }) => kind === 'unabandoned')
  must(world, isRefused === !isSettled(world), 'an alarm is given up when it is settled, and only then')
  if (!isRefused && world.desired === time && fed.engine.time === null) {
    must(world, setBy > world.ranBefore, 'an alarm that is asked again is not given up with the one before')
    world.desired = null
    world.asked++
  }
  world.writes = world.commits = 0
  applyEffects(setting, world, fed, world.fence)
}

function isSettled({ commit, write, run, orphan, durable, asked }: World): boolean {
  return commit === null && write === null && run === null && orphan === null && durable === asked
}

function failWrite(setting: Setting, world: Draft, how: 'write.fail' | 'write.giveup'): void {
  const write = world.write!
  spend(world, 'failures')
  if (how === 'write.giveup') world.mayBeEarly = true
  if (!write.applied) lose(world, write)
  world.write = null
  trigger(setting, world, how)
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
  world.fence = world.acked = 0
  world.asked = world.gated = world.durable = 0
  world.values = []
  world.run = null
  world.ranBefore = -1
}

/** Something happened to the engine that is no acknowledgement: it may cost one write and one commit. */
function trigger(setting: Setting, world: Draft, input: string): void {
  world.writes = world.commits = 0
  feed(setting, world, input)
}

function feed(setting: Setting, world: Draft, input: string): void {
  const mayBreak = input === 'commit.fail' || input === 'write.fail'
  applyEffects(setting, world, setting.engines.feed(world.engine!, input), world.fence)
  must(world, mayBreak || !world.engine!.broken, 'only a failed precommit or commit breaks the alarm')
}
