import type { AlarmTime } from '../../../src/index.ts'
import type { World } from './world.ts'

/** 32-bit words in a key. */
export const keyWords = 8

const bits: { word: number; room: number; readonly words: Uint32Array } = {
  word: 0,
  room: 32,
  words: new Uint32Array(keyWords),
}

/**
 * Packs all that the future of a world depends on into a few words, exactly: equal keys, equal futures.
 *
 * Fences and counts of intents go in by how they compare with each other. The answer is overwritten by the next call.
 */
export function keyOf(world: World, engine: number): Uint32Array {
  const { left, commit, manager, write, lease, orphan, values, strays } = world
  bits.words.fill(0)
  bits.word = 0
  bits.room = 32

  put(engine, 24)
  put(left.intents, 4)
  put(left.wakes, 3)
  put(left.failures, 3)
  put(left.crashes, 2)
  put(left.late, 2)
  put(left.abandons, 2)
  put(world.clock, 3)
  putTime(world.store)
  putTime(world.desired)
  putTime(manager.time)
  put(Number(manager.failed), 1)
  put(commit === null ? 0 : commit.applied ? 1 : 2, 2)
  if (commit !== null) {
    putTime(commit.time)
    putTime(commit.was)
    put(Number(commit.isNew), 1)
  }
  put(write === null ? 0 : write.applied ? 1 : 2, 2)
  if (write !== null) {
    putTime(write.time)
    put(Number(write.early), 1)
    put(Number(write.again), 1)
  }
  put(lease === null ? 0 : stateOf[lease.state], 3)
  if (lease !== null) {
    put(lease.time, 3)
    putTime(lease.kept)
    put(Number(lease.setBy === manager.setBy), 1)
  }
  put(orphan === null ? 0 : 1, 1)
  if (orphan !== null) put(orphan.time, 3)
  put(world.run === null ? 0 : world.run.consumes ? 1 : 2, 2)
  put(Number(world.run?.orphan === true), 1)
  put(Number(world.mayBeEarly), 1)
  put(Math.min(world.writes, 1), 1)
  put(Math.min(world.commits, 1), 1)

  put(values.length, 3)
  // How the intents that something waits for stand to those that are durable, or will be.
  for (const needs of [...values, world.gated, world.asked]) {
    put(needs <= world.durable ? 0 : commit !== null && needs <= commit.asked ? 1 : 2, 2)
  }

  const fences = [manager.fence]
  if (commit !== null && commit.fence !== null) fences.push(commit.fence)
  if (lease !== null) fences.push(lease.fence)
  if (orphan !== null) fences.push(orphan.fence)
  put(strays.length, 3)
  const inOrder = strays.length < 2 ? strays : [...strays].sort((a, b) => a.fence - b.fence)
  for (const stray of inOrder) {
    put(Number('done' in stray), 1)
    if ('done' in stray) put(stray.done, 3)
    else put(Number(stray.again), 1)
    putTime('done' in stray ? stray.kept : stray.time)
    fences.push(stray.fence)
  }
  // How they stand to the engine's own, as it tells them apart: at and below its floor all are alike to it.
  if (world.engine !== null) {
    // Above it where another owner has the same epoch, as in a world in which openings do not raise it.
    for (const fence of fences) put(8 + world.fence - Math.max(fence, world.fence + world.engine.floor), 5)
  }
  if (write !== null) fences.push(write.fence)
  for (const fence of fences) put(rankOf(fence, fences), 4)

  // Which alarms they are: a write that is still to come sets one that is newer than all of these.
  const alarms = [-1, world.ran, world.ranBefore, manager.setBy]
  if (lease !== null) alarms.push(lease.setBy)
  if (orphan !== null) alarms.push(orphan.setBy)
  if (write !== null) alarms.push(write.fence)
  if (commit !== null && commit.fence !== null) alarms.push(commit.fence)
  for (const stray of inOrder) if (!('done' in stray)) alarms.push(stray.fence)
  for (const alarm of alarms) put(rankOf(alarm, alarms), 4)
  return bits.words
}

const stateOf = { open: 1, exhausted: 2, asked: 3, answered: 4 }

function putTime(time: AlarmTime): void {
  put(time ?? 0, 3)
}

function put(value: number, width: number): void {
  if (value < 0 || value >= 1 << width)
    throw new RangeError(`Too much for a key: ${value} in ${width} bits. Explore less at a time.`)
  const { words } = bits
  if (bits.room === 0) {
    bits.word++
    bits.room = 32
  }
  if (bits.word >= keyWords) throw new RangeError('Too much for a key. Explore less at a time.')
  const now = Math.min(width, bits.room)
  words[bits.word]! |= (value & ((1 << now) - 1)) << (32 - bits.room)
  bits.room -= now
  if (width > now) put(value >>> now, width - now)
}

function rankOf(fence: number, fences: readonly number[]): number {
  let rank = 0
  for (let i = 0; i < fences.length; i++) if (fences[i]! < fence) rank++
  return rank
}
