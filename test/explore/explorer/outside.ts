import type { AlarmTime } from '../../../src/index.ts'
import type { Draft, Lease, Stray, World } from './world.ts'

/** The store and the manager around the engine. What is false here is a fault put in on purpose, but for `oneCopy`. */
export interface WorldRules {
  /** the store raises the epoch at each opening */
  readonly raisesEpoch: boolean
  /** the manager applies a write only if its fence is not below the one that it holds */
  readonly fencesSets: boolean
  readonly fencesDeletes: boolean
  /** a deletion leaves its fence behind */
  readonly keepsFences: boolean
  /** "done" removes the alarm only if its fence is still the delivered one */
  readonly fencesDone: boolean
  /** an alarm whose last retry failed, and that nothing abandons, is kept as failed */
  readonly keepsFailed: boolean
  /** the store's row is what is delivered from: a commit is the write, and no answer removes what stands */
  readonly oneCopy: boolean
  /** there, a delivery waits for the commit in flight */
  readonly holdsDeliveries: boolean
}

export const soundWorld: WorldRules = {
  raisesEpoch: true,
  fencesSets: true,
  fencesDeletes: true,
  keepsFences: true,
  fencesDone: true,
  keepsFailed: true,
  oneCopy: false,
  holdsDeliveries: true,
}

/** A request reaches the manager: is it accepted? */
export function reachManager(world: Draft, request: Stray, rules: WorldRules): boolean {
  const { manager } = world
  if ('done' in request) {
    if (rules.oneCopy) return true
    if (isOf(request, manager) || !rules.fencesDone) {
      // What is kept in its place is another alarm, though no write has set it.
      const setBy = request.kept === request.done ? manager.setBy : manager.fence + 0.5
      world.manager = { ...manager, time: request.kept, setBy, failed: false }
    }
    return true
  }
  const { time, fence, again } = request
  if (fence < manager.fence && (time === null ? rules.fencesDeletes : rules.fencesSets)) return false
  const isSame = time === manager.time && (again || fence === manager.fence)
  world.manager = {
    time,
    fence: time === null && !rules.keepsFences ? 0 : fence,
    setBy: isSame ? manager.setBy : fence,
    failed: isSame && manager.failed,
  }
  return true
}

/** No retry of the delivered alarm is left, and nothing abandons it: it is kept, unless another one was set meanwhile. */
export function keepFailed(world: Draft, rules: WorldRules): void {
  const { manager, lease } = world
  world.lease = null
  if (manager.time !== lease!.time || manager.setBy !== lease!.setBy) return
  world.manager = rules.keepsFailed ? { ...manager, failed: true } : { ...manager, time: null }
}

/** The commit in flight reaches the store. */
export function reachStore(world: Draft): void {
  const { commit } = world
  if (commit === null) return
  world.commit = { ...commit, applied: true }
  world.store = commit.time
  if (commit.fence !== null) reachRow(world, commit.time, commit.fence, commit.isNew)
  world.durable = Math.max(world.durable, commit.asked)
}

function reachRow(world: Draft, time: AlarmTime, fence: number, isNew: boolean): void {
  const { manager } = world
  if (time === manager.time && !(isNew && fence > manager.fence)) return
  world.manager = { time, fence, setBy: fence, failed: false }
}

/** Its client gives up what is on its way to the manager: it may land later, or never. */
export function loseRequests(world: Draft): void {
  const { write, lease } = world
  if (write !== null && !write.applied) lose(world, write)
  if (lease?.state === 'answered') lose(world, doneWith(lease))
  world.write = null
  world.lease = world.orphan = null
}

export function lose(world: Draft, request: Stray): void {
  const { fence } = request
  const stray = 'done' in request ? request : { time: request.time, fence, again: request.again }
  world.strays = [...world.strays, stray]
}

export function doneWith({ time, fence, kept }: Lease): Stray {
  return { done: time, fence, kept }
}

/** "Done" is for what was delivered: under that fence, and not put in its place when it was abandoned. */
function isOf({ done, fence }: { done: number; fence: number }, manager: World['manager']): boolean {
  return fence === manager.fence && done === manager.time
}

/** Forgets the strays that could change nothing any more. */
export function forgetStrays(world: Draft, rules: WorldRules): void {
  if (world.strays.length === 0) return
  const { manager, left } = world
  const matters = (request: Stray): boolean => {
    if ('done' in request) return !rules.oneCopy && (isOf(request, manager) || !rules.fencesDone)
    return request.fence >= manager.fence || !(request.time === null ? rules.fencesDeletes : rules.fencesSets)
  }
  world.strays = left.late > 0 ? world.strays.filter(matters) : []
}

/** Is `a` no later than `b`? Never comes last. */
export function isNoLater(a: AlarmTime, b: AlarmTime): boolean {
  return b === null || (a !== null && a <= b)
}
