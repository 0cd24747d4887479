import { describe, expect, it } from 'vitest'
import { pendingEvents } from '../../../src/sqlite/journal/pending-events.ts'

const MOST = 4 * 1024 * 1024

/** Adds texts of a length, at 1, 2, 3 and so on, until one does not fit; how many did. */
function fill(
  pending: ReturnType<typeof pendingEvents>,
  length: number,
  key = (i: number) => `${i}`,
): number {
  const text = 'x'.repeat(length)
  let i = 0
  for (; i < 1_000_000 && pending.hasRoom(length); i++) pending.add(key(i), i, text)
  return i
}

describe('events that are pending', () => {
  it('are in order for each actor', () => {
    const pending = pendingEvents(10)
    pending.add('a', 1, 'one')
    pending.add('b', 2, 'two')
    pending.add('a', 3, 'three')
    expect([...pending.of]).toEqual([
      ['a', ['one', 'three']],
      ['b', ['two']],
    ])
    expect([pending.size, pending.gap]).toEqual([3, null])
  })

  it('take 4 MB at most, their keys included', () => {
    expect(fill(pendingEvents(10_000), 1_000, () => 'a')).toBe(Math.floor((MOST - 101) / 1_000))
    const keys = fill(pendingEvents(10), 10, (i) => `${i}`.padEnd(1_000))
    expect(keys).toBeLessThanOrEqual(MOST / 1_010)
    expect(fill(pendingEvents(10), 2)).toBeLessThan(MOST / 100)
  })

  it('are the last ones of an actor, and the others make room', () => {
    const pending = pendingEvents(10)
    for (let i = 0; i < 100_000; i++) pending.add('a', i, `${i}`.padEnd(1_000))
    const [texts] = [...pending.of.values()]
    expect(texts!.length).toBeLessThan(20)
    expect(texts!.at(-1)).toBe(`${99_999}`.padEnd(1_000))
    expect(pending.gap).toBeNull()
  })

  it('are counted where they do not fit, and none is taken after that', () => {
    const pending = pendingEvents(10)
    const fitted = fill(pending, 1_000)
    pending.add('late', 7_000, 'x'.repeat(1_000))
    pending.add('later', 8_000, 'x')
    expect(pending.hasRoom(1)).toBe(false)
    pending.add('latest', 9_000, 'x')
    expect(pending.gap).toEqual({ at: 7_000, until: 9_000, lost: 3 })
    expect(pending.size).toBe(fitted + 3)
    expect(pending.of.has('later')).toBe(false)
  })

  it('are gone when they are written, and there is room again', () => {
    const pending = pendingEvents(10)
    const fitted = fill(pending, 1_000)
    pending.add('late', 7_000, 'x'.repeat(1_000))
    pending.clear()
    expect([pending.size, pending.gap]).toEqual([0, null])
    expect(fill(pending, 1_000)).toBe(fitted)
  })
})
