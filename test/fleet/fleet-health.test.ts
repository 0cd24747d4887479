import { expect, it, onTestFinished } from 'vitest'
import type { FleetHealth } from '../../src/fleet/actor-fleet.ts'
import { noteHealth } from '../../src/fleet/fleet-health.ts'
import { virtualClock } from '../virtual-clock.ts'

/** What is said of a process whose shards and alarms the test makes up. */
function rig() {
  const clock = virtualClock()
  const ownership = { shards: [1, 2, 3] as readonly number[], processes: 1 }
  const asked: (readonly number[])[] = []
  const oldest = { overdue: null as number | null, error: null as unknown }
  const notes = noteHealth(
    ownership,
    async (shards) => {
      asked.push(shards)
      if (oldest.error !== null) throw oldest.error
      return oldest.overdue
    },
    clock,
  )
  const said: FleetHealth[] = []
  const listening = notes.health$.subscribe({ next: (health) => said.push(health) })
  onTestFinished(() => notes.end())
  /** What is said a second later. */
  async function next(): Promise<FleetHealth> {
    await clock.advance(1_000)
    return said.at(-1) as FleetHealth
  }
  return { clock, ownership, asked, oldest, notes, said, listening, next }
}

it('says at once how a process stands, and each second', async () => {
  const { clock, said, next } = rig()
  await clock.advance(0)
  const rest = { processes: 1, lookedAt: null, overdue: null, lag: null, error: null }
  expect(said).toEqual([{ at: 1_000_000, owned: 3, ...rest }])
  expect(await next()).toEqual({ at: 1_001_000, owned: 3, ...rest })
  expect(said).toHaveLength(2)
})

it('says what it owns, of how many processes', async () => {
  const { ownership, next } = rig()
  ownership.shards = [2]
  ownership.processes = 3
  expect(await next()).toMatchObject({ owned: 1, processes: 3 })
})

it('says when it looked last', async () => {
  const { clock, notes, next } = rig()
  await clock.advance(250)
  notes.looked()
  expect(await next()).toMatchObject({ lookedAt: 1_000_250 })
})

it('says how long the oldest alarm of its shards is due, and asks for it only where that is listened to', async () => {
  const { asked, oldest, listening, next } = rig()
  oldest.overdue = 700
  expect(await next()).toMatchObject({ overdue: 700 })
  expect(asked.at(-1)).toEqual([1, 2, 3])
  oldest.overdue = null
  expect(await next()).toMatchObject({ overdue: null })
  const { length } = asked
  listening.unsubscribe()
  await next()
  expect(asked).toHaveLength(length)
})

it('says how late the latest alarm came, of those since the time before', async () => {
  const { notes, next } = rig()
  await next()
  for (const lateness of [3, 40, 5]) notes.came(lateness)
  expect(await next()).toMatchObject({ lag: 40 })
  expect(await next()).toMatchObject({ lag: null })
})

it('says what keeps it from owning, from delivering, or from knowing', async () => {
  const { notes, oldest, next } = rig()
  const [unowned, blind, away] = [new Error('unowned'), new Error('blind'), new Error('away')]
  oldest.error = away
  expect((await next()).error).toBe(away)
  notes.blind(blind)
  expect((await next()).error).toBe(blind)
  notes.owns(unowned)
  expect((await next()).error).toBe(unowned)
  notes.owns(null)
  expect((await next()).error).toBe(blind)
  notes.looked()
  expect((await next()).error).toBe(away)
  oldest.error = null
  expect((await next()).error).toBe(null)
})

it('says no more when it has ended', async () => {
  const { notes, clock, said } = rig()
  await clock.advance(0)
  notes.end()
  await clock.advance(5_000)
  expect(said).toHaveLength(1)
  expect(clock.pending()).toBe(0)
})
