import type { AlarmTime } from '../../src/index.ts'
import { SEQUENCES } from '../../src/vocabulary/fence.ts'
import { type Judge, type Landing, openJudge, type Running } from '../world/judge.ts'

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
  commit: InFlight | null
  write: (InFlight & { readonly fence: number }) | null
  /** requests whose client gave up or died: they land later, or never */
  strays: Request[]
  /** an answer was lost, or nobody reconciled: the manager may hold an alarm that is gone */
  mayBeEarly: boolean
  /** times that a handler was run for */
  handled: number[]
  /** what is seen from outside, as in the worlds of the adversary */
  readonly judge: Judge
}

interface InFlight {
  readonly time: AlarmTime
  applied: boolean
  readonly landing: Landing | null
  readonly ends: () => void
}

const KEY = 'a'

export function openWorld(alarm: AlarmTime, rules: Partial<WorldRules> = {}): World {
  const sound = {
    raisesEpoch: true,
    fencesSets: true,
    fencesDeletes: true,
    keepsFences: true,
    fencesDone: true,
  }
  const world: World = {
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
    judge: openJudge({ keys: [KEY], durable: () => world.store, held: () => world.manager.time }),
  }
  return world
}

/** A commit is under way: the store may come to hold it. */
export function beginCommit(world: World, time: AlarmTime): void {
  const landing: Landing = { key: KEY, time, epoch: world.epoch }
  const ends = world.judge.takesOff('commit', KEY, String(world.epoch))
  world.judge.issued(landing)
  world.commit = { time, applied: false, landing, ends }
  world.judge.look()
}

export function beginWrite(world: World, time: AlarmTime, fence: number): void {
  const ends = world.judge.takesOff('write', KEY, String(world.epoch))
  world.write = { time, fence, applied: false, landing: null, ends }
  world.judge.look()
}

/** The call in flight has ended for its client. */
export function end(world: World, kind: 'commit' | 'write'): void {
  const flight = world[kind]
  world[kind] = null
  flight?.ends()
  if (flight?.landing) world.judge.settled(flight.landing)
}

/** A handler starts; what is returned ends it. No lease ends by itself here. */
export function beginHandler(world: World, scheduledTime: number): () => void {
  const running: Running = { key: KEY, by: '', since: 0 }
  if (scheduledTime > world.now) world.judge.breaks('notEarly', KEY)
  world.judge.started(running, Number.POSITIVE_INFINITY, 0)
  world.handled.push(scheduledTime)
  return () => world.judge.ended(running)
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
  if (!reachManager(world, writeOf(write))) world.judge.fault('the owner is not refused')
}

export function applyCommit(world: World): void {
  const { commit } = world
  if (commit === null) return
  commit.applied = true
  world.store = commit.time
}

/** How the calls in flight end is not heard any more. */
export function loseCalls(world: World): void {
  const { write } = world
  if (write !== null && !write.applied) world.strays.push(writeOf(write))
  end(world, 'write')
  end(world, 'commit')
}

/** What a write asks for, on its way. */
export function writeOf({ time, fence }: { time: AlarmTime; fence: number }): Request {
  return { kind: 'write', time, fence }
}

/** A fence for people: its epoch, and which write of it. */
export function printFence(fence: number): string {
  return `${Math.floor(fence / SEQUENCES)}.${fence % SEQUENCES}`
}
