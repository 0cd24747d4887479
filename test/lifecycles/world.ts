import type { AlarmTime } from '../../src/index.ts'

/** What the store and the manager keep to. What is false here is a fault put in on purpose. */
export interface WorldRules {
  readonly raisesEpoch: boolean
  readonly fencesSets: boolean
  readonly fencesDeletes: boolean
  readonly keepsFences: boolean
  readonly fencesDone: boolean
}

/** A request to the manager: a write, or "done" with what is kept in its place. */
export type Request =
  | { readonly kind: 'write'; readonly time: AlarmTime; readonly fence: number }
  | { readonly kind: 'done'; readonly of: number; readonly fence: number; readonly kept: AlarmTime }

/** The durable store and the manager around one actor, and what is on its way to them. */
export interface World {
  readonly rules: WorldRules
  now: number
  epoch: number
  store: AlarmTime
  manager: { readonly time: AlarmTime; readonly fence: number }
  commit: { readonly time: AlarmTime; applied: boolean } | null
  write: { readonly time: AlarmTime; readonly fence: number; applied: boolean } | null
  /** requests whose client gave up or died: they land later, or never */
  strays: Request[]
  /** an answer was lost, or nobody reconciled: the manager may hold an alarm that is gone */
  mayBeEarly: boolean
  /** times that a handler was run for */
  handled: number[]
  fault: string | null
}

export function openWorld(alarm: AlarmTime, rules: Partial<WorldRules> = {}): World {
  const sound = {
    raisesEpoch: true,
    fencesSets: true,
    fencesDeletes: true,
    keepsFences: true,
    fencesDone: true,
  }
  return {
    rules: { ...sound, ...rules },
    now: 0,
    epoch: 0,
    store: alarm,
    manager: { time: alarm, fence: 0 },
    commit: null,
    write: null,
    strays: [],
    mayBeEarly: false,
    handled: [],
    fault: null,
  }
}

/** A request reaches the manager; whether it is accepted. */
export function reachManager(world: World, request: Request): boolean {
  const { rules, manager } = world
  if (request.kind === 'done') {
    const isTheOne = request.fence === manager.fence && request.of === manager.time
    if (isTheOne || !rules.fencesDone) world.manager = { ...manager, time: request.kept }
    return true
  }
  const isFenced = request.time === null ? rules.fencesDeletes : rules.fencesSets
  if (isFenced && request.fence < manager.fence) return false
  const fence = request.time === null && !rules.keepsFences ? 0 : request.fence
  world.manager = { time: request.time, fence }
  return true
}

/** The write in flight reaches the manager. It is the owner's, so it is never refused. */
export function applyWrite(world: World): void {
  const { write } = world
  if (write === null || write.applied) return
  write.applied = true
  if (!reachManager(world, { kind: 'write', ...write })) world.fault ??= 'the owner is not refused'
}

export function applyCommit(world: World): void {
  const { commit } = world
  if (commit === null) return
  commit.applied = true
  world.store = commit.time
}

/** Nobody hears any more how the calls in flight end. */
export function loseCalls(world: World): void {
  const { write } = world
  if (write !== null && !write.applied) world.strays.push({ kind: 'write', ...write })
  world.write = world.commit = null
}

/** Is `a` no later than `b`? Never comes last. */
export function isNoLater(a: AlarmTime, b: AlarmTime): boolean {
  return b === null || (a !== null && a <= b)
}

/** The one promise: at or before every time that the store may durably hold. */
export function seeNeverLate(world: World): void {
  const { manager, store, commit } = world
  if (isNoLater(manager.time, store) && (commit === null || isNoLater(manager.time, commit.time))) return
  world.fault ??= 'the manager is never later than what the store may hold'
}

/** A fence for people: its epoch, and which write of it. */
export function printFence(fence: number): string {
  return `${Math.floor(fence / 2 ** 28)}.${fence % 2 ** 28}`
}
