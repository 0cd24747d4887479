import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Change } from '../../../src/changes/change.ts'
import { type Changes, changesInGroups } from '../../../src/changes/changes.ts'
import { shardWork } from '../../../src/fleet/shard-work.ts'
import { AlarmError } from '../../../src/vocabulary/errors.ts'
import { virtualClock } from '../../virtual-clock.ts'

/** Changes whose groups end when the test says so, `most` at a time. */
function rig(most = 4) {
  const clock = virtualClock()
  const work = shardWork()
  const groups: { readonly group: readonly Change[]; end(again?: readonly Change[]): void }[] = []
  const changes: Changes<unknown> = changesInGroups<unknown>(
    (group) => new Promise((resolve) => groups.push({ group, end: (again = []) => resolve(again) })),
    {
      most,
      shardOfKey: (key) => key.length,
      isOfHandler: (key) => key === 'h',
      work,
      scheduler: clock,
      timeout: 1_000,
    },
  )
  const keys = () => groups.map(({ group }) => group.map(({ key }) => key).join(''))
  const ended: string[] = []
  const ask = (key: string): void => {
    changes
      .change(key, () => {})
      .then(
        () => ended.push(key),
        (error) => ended.push(`${key} ${error.code}`),
      )
  }
  const end = async (nth: number, again?: readonly Change[]): Promise<void> => {
    const { group, end } = groups[nth] as (typeof groups)[number]
    for (const each of group) if (again?.includes(each) !== true) each.resolve(undefined)
    end(again)
    await setImmediate()
  }
  return { clock, work, changes, groups, keys, ended, ask, end }
}

it('does what is asked in one turn together, one change of a key at a time, in their order', async () => {
  const { ask, keys, end, groups } = rig()
  for (const key of 'abac') ask(key)
  await setImmediate()
  expect(keys()).toEqual(['abc'])
  ask('b')
  ask('d')
  await setImmediate()
  expect(keys()).toEqual(['abc', 'd'])
  await end(0)
  expect(keys()).toEqual(['abc', 'd', 'ab'])
  expect(new Set(groups.flatMap(({ group }) => group)).size).toBe(6)
})

it('begins others while a change waits for one of its actor', async () => {
  const { ask, keys } = rig()
  for (const key of 'aa') ask(key)
  await setImmediate()
  ask('b')
  await setImmediate()
  expect(keys()).toEqual(['a', 'b'])
})

it('has four groups of a hundred under way', async () => {
  const { ask, groups, end } = rig()
  for (let i = 0; i < 450; i++) ask(`k${i}`)
  await setImmediate()
  expect(groups.map(({ group }) => group.length)).toEqual([100, 100, 100, 100])
  await end(2)
  expect(groups.map(({ group }) => group.length)).toEqual([100, 100, 100, 100, 50])
})

it('begins again what is to come once more, before what was asked after it', async () => {
  const { ask, keys, end, groups, ended } = rig()
  for (const key of 'ab') ask(key)
  await setImmediate()
  ask('a')
  const again = groups[0]!.group.filter(({ key }) => key === 'a')
  again[0]!.alarm = 7
  await end(0, again)
  expect(ended).toEqual(['b'])
  expect(groups[1]!.group).toEqual(again)
  expect(again[0]!.alarm).toBe(undefined)
  expect(keys()).toEqual(['ab', 'a'])
})

it('does alone what was held up in company, three at a time, and others beside it', async () => {
  const { ask, keys, end, groups } = rig()
  for (const key of 'abcde') ask(key)
  await setImmediate()
  ask('f')
  const [{ group }] = groups as [(typeof groups)[number]]
  for (const each of group) each.isAlone = true
  await end(0, group)
  expect(keys()).toEqual(['abcde', 'a', 'b', 'c', 'f'])
  ask('g')
  ask('d') // after the one that has been asked for before
  await setImmediate()
  expect(keys().slice(5)).toEqual([])
  await end(4)
  expect(keys().slice(5)).toEqual(['g'])
  await end(1)
  expect(keys().slice(5)).toEqual(['g', 'd'])
  expect(groups[6]?.group).toEqual([group[3]])
  await end(6)
  expect(keys().slice(5)).toEqual(['g', 'd', 'e'])
  await end(7)
  expect(keys().slice(5)).toEqual(['g', 'd', 'e', 'd'])
})

it('lets what was held up in company wait as long as if it had been asked for then', async () => {
  const { ask, clock, keys, ended, end, groups } = rig()
  for (const key of 'abcde') ask(key)
  await setImmediate()
  await clock.advance(1_000)
  const [{ group }] = groups as [(typeof groups)[number]]
  for (const each of group) each.isAlone = true
  await end(0, group)
  expect(keys()).toEqual(['abcde', 'a', 'b', 'c'])
  await clock.advance(900)
  await end(1, groups[1]!.group) // the server has rolled it back: its time is the same
  await clock.advance(99)
  expect(ended).toEqual([])
  await clock.advance(1)
  expect(ended).toEqual(['d ALARM_TIMEOUT', 'e ALARM_TIMEOUT'])
})

it('lets what stands behind many of these wait no longer for them', async () => {
  const { ask, clock, ended, end, groups } = rig()
  for (let i = 0; i < 200; i++) ask(`k${i}`)
  await setImmediate()
  await clock.advance(500)
  ask('k0')
  await clock.advance(500)
  const all = groups.map(({ group }) => group)
  for (const each of all.flat()) each.isAlone = true
  for (const nth of [0, 1]) await end(nth, all[nth])
  await clock.advance(500)
  expect(ended).toEqual(['k0 ALARM_TIMEOUT'])
})

it('lets none wait for longer than it may', async () => {
  const { ask, clock, ended, end, keys } = rig()
  for (const key of 'aab') ask(key)
  await setImmediate()
  expect(keys()).toEqual(['ab'])
  await clock.advance(600)
  ask('a')
  await clock.advance(399)
  expect(ended).toEqual([])
  await clock.advance(1)
  expect(ended).toEqual(['a ALARM_TIMEOUT'])
  await clock.advance(600)
  expect(ended).toEqual(['a ALARM_TIMEOUT', 'a ALARM_TIMEOUT'])
  await end(0)
  expect(ended.slice(2)).toEqual(['a', 'b'])
  expect(clock.pending()).toBe(0)
})

it('takes only what a handler asks for once it is refused', async () => {
  const { ask, changes, ended, keys } = rig()
  ask('a')
  changes.refuse(new AlarmError('ALARM_CLOSED', 'closed'))
  for (const key of 'bh') ask(key)
  await setImmediate()
  expect(keys()).toEqual(['ah'])
  expect(ended).toEqual(['b ALARM_CLOSED'])
})

it('is under way in its shard until it is answered', async () => {
  const { ask, work, end } = rig()
  ask('aa')
  let isIdle = false
  const idle = work.idle(2).then(() => (isIdle = true))
  await work.idle(1)
  await setImmediate()
  expect(isIdle).toBe(false)
  await end(0)
  await idle
})
