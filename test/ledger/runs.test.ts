import { describe, expect, it } from 'vitest'
import { type HeldAlarm, written } from '../../src/ledger/held-alarm.ts'
import { openRuns } from '../../src/ledger/runs.ts'

const held = (key: string): HeldAlarm =>
  written(undefined, key, 1, { key, fence: 1, move: 'later', attempt: 1 }, 1)

describe('the runs of a subscription', () => {
  it('end what another one of its key replaces', () => {
    const runs = openRuns()
    const torn: string[] = []
    const first = runs.add(held('a'), 10)
    first.handler.add(() => torn.push('first'))
    runs.add(held('b'), 10).handler.add(() => torn.push('b'))
    const second = runs.add(held('a'), 20)
    second.handler.add(() => torn.push('second'))
    expect(torn).toEqual(['first'])
    runs.end(first) // its answer comes too late to end the other one
    expect(runs.size).toBe(2)
    expect(runs.expire(20).map(({ delivered }) => delivered.key)).toEqual(['b', 'a'])
    expect(torn).toEqual(['first', 'b', 'second'])
  })
})
