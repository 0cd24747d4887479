import { expect, it } from 'vitest'
import { type Process, shardWorld } from './shard-world.ts'

const all = (processes: readonly Process[]): number[] => processes.map((process) => process.owned())

it('divides the shards evenly as processes come and go, and moves no more than their share', async () => {
  const world = shardWorld()
  const one = world.start('one')
  await world.clock.advance(10)
  expect(one.owned()).toBe(12)
  const two = world.start('two')
  await world.clock.advance(2_500)
  expect(all([one, two])).toEqual([6, 6])
  const three = world.start('three')
  await world.clock.advance(3_500)
  expect(all([one, two, three])).toEqual([4, 4, 4])
  expect(two.log).toEqual(['two', 'takes 6', 'loses 2'])
  await two.ownership.leave()
  await world.clock.advance(2_500)
  expect(all([one, two, three])).toEqual([6, 0, 6])
  expect(new Set(world.shards.map(({ owner }) => owner)).size).toBe(2)
})

it('has the shards of one that stands still within its lease, which has stopped by then', async () => {
  const world = shardWorld()
  const [one, two] = [world.start('one'), world.start('two')]
  await world.clock.advance(2_500)
  expect(all([one, two])).toEqual([6, 6])
  one.stop()
  await world.clock.advance(world.lease - 1_000)
  expect(two.owned()).toBe(6)
  await world.clock.advance(2_000)
  expect(all([one, two])).toEqual([0, 12])
  expect(one.ownership.epochOf(0)).toBe(null)
})

it('stops before its lease ends, counted from before it was asked for', async () => {
  const world = shardWorld()
  const one = world.start('one')
  await world.clock.advance(10)
  world.fault = (statement, when) =>
    statement === 'report' && when === 'after'
      ? new Promise((resolve) => world.clock.schedule(() => resolve(undefined), 900))
      : undefined
  await world.clock.advance(2_000) // it reports for the last time
  one.stop()
  await world.clock.advance(world.lease - 50)
  expect(one.owned()).toBe(12)
  await world.clock.advance(50)
  expect(one.owned()).toBe(0)
  expect(one.log.at(-1)).toBe('loses 12')
})

it.each([
  ['keeps', 'a quarter', 1 / 4, []],
  ['loses', 'all', 1, ['loses 12', 'takes 12']],
] as const)(
  '%s what it owns where a report is not answered for %s of the lease',
  async (_, __, part, after) => {
    const world = shardWorld()
    const one = world.start('one')
    await world.clock.advance(10)
    let isLost = true
    world.fault = (statement, when) => {
      if (statement !== 'report' || when !== 'before' || !isLost) return
      isLost = false
      return new Promise((_, reject) =>
        world.clock.schedule(() => reject(new Error('no answer')), world.lease * part),
      )
    }
    await world.clock.advance(3 * world.lease)
    expect(one.log).toEqual(['one', 'takes 12', ...after])
  },
)

it('reports while it waits for what is under way in a shard that is to be given back', async () => {
  const world = shardWorld(4)
  const one = world.start('one')
  await world.clock.advance(10)
  for (let shard = 0; shard < 4; shard++) one.busy.add(shard)
  const two = world.start('two')
  await world.clock.advance(3 * world.lease)
  expect(one.log).toEqual(['one', 'takes 4'])
  expect(all([one, two])).toEqual([2, 0])
  expect(one.ownership.takes(0)).toBe(true)
  expect(one.ownership.epochOf(3)).toBe(1) // what is under way may commit
  one.rest(3)
  await world.clock.advance(2_500)
  expect(all([one, two])).toEqual([2, 1])
  one.rest(2)
  await world.clock.advance(2_500)
  expect(all([one, two])).toEqual([2, 2])
})

it('takes changes in a shard until no handler is at work in it, and gives it away when these have ended', async () => {
  const world = shardWorld(2)
  const one = world.start('one')
  await world.clock.advance(10)
  one.busy.add(1)
  one.changing.add(1)
  const two = world.start('two')
  await world.clock.advance(2_500)
  expect(one.owned()).toBe(1) // it begins no handler in the other one
  expect(one.ownership.takes(1)).toBe(true)
  one.rest(1)
  await world.clock.advance(0)
  expect(one.ownership.takes(1)).toBe(false)
  expect(one.ownership.epochOf(1)).toBe(1) // the changes under way may commit
  await world.clock.advance(2_500)
  expect(all([one, two])).toEqual([1, 0])
  one.changed(1)
  await world.clock.advance(2_500)
  expect(all([one, two])).toEqual([1, 1])
})

it.each(['handlers', 'changes'])(
  'takes all again in a shard that is wanted again while its %s end',
  async (what) => {
    const world = shardWorld(2)
    const one = world.start('one')
    await world.clock.advance(10)
    const [at, end] = what === 'handlers' ? [one.busy, one.rest] : [one.changing, one.changed]
    at.add(1)
    const two = world.start('two')
    await world.clock.advance(2_500)
    expect([one.ownership.takes(1), one.owned()]).toEqual([what === 'handlers', 1])
    two.stop()
    await world.clock.advance(world.lease + 2_500)
    expect([one.ownership.takes(1), one.owned()]).toEqual([true, 2])
    end(1)
    await world.clock.advance(2_500)
    expect([one.ownership.takes(1), one.owned()]).toEqual([true, 2])
  },
)

it('takes what others leave while it waits for what it is to give away, and keeps that then', async () => {
  const world = shardWorld()
  const one = world.start('one')
  await world.clock.advance(10)
  const [two, three] = [world.start('two'), world.start('three')]
  await world.clock.advance(4_500)
  expect(all([one, two, three])).toEqual([4, 4, 4])
  for (let shard = 0; shard < 12; shard++) one.busy.add(shard)
  const four = world.start('four')
  await world.clock.advance(2_500)
  expect(one.owned()).toBe(3)
  two.stop()
  three.stop()
  await world.clock.advance(world.lease + 2_500)
  expect(all([one, four])).toEqual([6, 6])
  const before = [...one.log]
  for (let shard = 0; shard < 12; shard++) one.rest(shard)
  await world.clock.advance(2_500)
  expect(all([one, four])).toEqual([6, 6])
  expect(one.log).toEqual(before)
})

it('keeps at work what it could not release, and gives it away later', async () => {
  const world = shardWorld(4)
  const one = world.start('one')
  await world.clock.advance(10)
  one.busy.add(3)
  let failures = 0
  world.fault = (statement) => {
    if (statement === 'release' && failures++ === 0) throw new Error('away')
  }
  const two = world.start('two')
  await world.clock.advance(2_500)
  expect(failures).toBe(1)
  one.rest(3)
  await world.clock.advance(3_500)
  expect(all([one, two])).toEqual([2, 2])
  expect([0, 1].every((shard) => one.ownership.takes(shard))).toBe(true)
})

it('keeps the epoch that it has raised while it looked', async () => {
  const world = shardWorld(4)
  const one = world.start('one')
  await world.clock.advance(10)
  let isRaised = false
  world.fault = (statement, when) => {
    if (statement === 'report' && when === 'before' && !isRaised) one.ownership.raised(0, 0) // it is found to be another one
    if (statement !== 'owned' || when !== 'after' || isRaised) return
    isRaised = true
    ;(world.shards[0] as { epoch: number }).epoch = 2
    one.ownership.raised(0, 2)
  }
  await world.clock.advance(1_500)
  expect(isRaised).toBe(true)
  expect(one.ownership.epochOf(0)).toBe(2)
  expect(one.log).toEqual(['one', 'takes 4'])
})

it.each([
  ['take', 'after'],
  ['take', 'before'],
  ['enter', 'after'],
  ['release', 'before'],
  ['release', 'after'],
] as const)('owns its share though the answer to %s is lost %s it is done', async (lost, at) => {
  const world = shardWorld()
  const one = world.start('one')
  let failures = 0
  world.fault = (statement, when) => {
    if (statement === lost && when === at && failures++ === 0) throw new Error('the answer is lost')
  }
  await world.clock.advance(2_500)
  expect(one.owned()).toBe(12)
  const two = world.start('two')
  await world.clock.advance(6_500)
  expect(all([one, two])).toEqual([6, 6])
  expect(failures).toBeGreaterThan(0)
  expect([one.error, two.error]).toEqual([null, null])
})

it('owns nothing from the end of its lease on, though no timer has fired by then', async () => {
  const world = shardWorld()
  const one = world.start('one')
  await world.clock.advance(10)
  world.clock.block(world.lease)
  expect(one.ownership.epochOf(0)).toBe(null)
  expect([one.owned(), one.ownership.takes(0)]).toEqual([0, false])
})

it.each([
  ['take', 'after'],
  ['taken', 'before'],
])('does not take for its own what came when its lease had ended: %s', async (slow, at) => {
  const world = shardWorld()
  const one = world.start('one')
  let isSlow = true
  world.fault = (statement, when) => {
    if (statement !== slow || when !== at || !isSlow) return
    isSlow = false
    return new Promise((resolve) => world.clock.schedule(() => resolve(undefined), world.lease + 500))
  }
  await world.clock.advance(100)
  one.stop()
  await world.clock.advance(world.lease + 1_000)
  expect(one.owned()).toBe(0)
  world.clock.schedule(() => void one.ownership.look(), 0) // it goes on
  await world.clock.advance(100)
  expect(one.owned()).toBe(12)
  expect(one.log.at(-1)).toBe('takes 12')
  expect(one.log).not.toContain('loses 12')
})

it('does not take for its own what it took as another process', async () => {
  const world = shardWorld()
  const one = world.start('one')
  let isSlow = true
  world.fault = (statement) => {
    if (statement !== 'taken' || !isSlow) return
    isSlow = false
    return new Promise((resolve) => world.clock.schedule(() => resolve(undefined), 2_500))
  }
  await world.clock.advance(100)
  world.forget()
  await world.clock.advance(2_600)
  expect(one.owned()).toBe(0)
  await world.clock.advance(2_000)
  expect(one.owned()).toBe(12)
  expect(one.log).not.toContain('loses 12')
})

it('lets go of all of it when the server has another timeline', async () => {
  const world = shardWorld()
  const one = world.start('one')
  await world.clock.advance(1_500)
  const before = one.ownership.process
  world.timeline = 2
  await world.clock.advance(2_500)
  expect(one.log).toEqual(['one', 'takes 12', 'loses 12', 'takes 12'])
  expect(one.ownership.process).not.toBe(before)
})

it('says what keeps it from owning its share', async () => {
  const world = shardWorld()
  world.fault = (statement) => {
    if (statement === 'take') throw new RangeError('no')
  }
  const one = world.start('one')
  await world.clock.advance(2_500)
  expect(one.error).toBeInstanceOf(RangeError)
  world.shards.push({ owner: null, epoch: 0 })
  await world.clock.advance(1_500)
  expect(one.error).toMatchObject({ code: 'ALARM_CONFIG_INVALID' })
})

it('leaves nothing behind, also where the database is away', async () => {
  const world = shardWorld()
  const one = world.start('one')
  await world.clock.advance(100)
  world.fault = (statement) => {
    if (statement === 'release') throw new Error('away')
  }
  await expect(one.ownership.leave()).rejects.toThrow('away')
  expect(one.owned()).toBe(0)
  expect(world.shards.every(({ owner }) => owner === null)).toBe(true)
  await world.clock.advance(5_000)
  expect(one.owned()).toBe(0)
})
