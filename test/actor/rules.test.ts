import { describe, expect, it } from 'vitest'
import { type AlarmState, type Asked, due, isEarlier, nothingAsked } from '../../src/actor/rules.ts'
import { type AlarmTime, isBefore } from '../../src/vocabulary/time.ts'

const times: AlarmTime[] = [1, 2, 3, null]
const states: AlarmState[] = times.flatMap((desired) =>
  times.flatMap((committed) => times.map((bound) => ({ desired, committed, bound }))),
)
const names = Object.keys(nothingAsked) as (keyof Asked)[]
const everyAsked = Array.from(
  { length: 2 ** names.length },
  (_, bits) =>
    Object.fromEntries(names.map((name, i) => [name, (bits & (1 << i)) !== 0])) as unknown as Asked,
)
const all = states.flatMap((alarm) => everyAsked.map((asked) => ({ alarm, asked })))

const withStep = (step: string | null) => {
  const cases = all.filter(({ alarm, asked }) => due(alarm, asked) === step)
  expect(cases.length).toBeGreaterThan(0)
  return cases
}

describe('the three rules, over every state of four times', () => {
  it('an earlier move comes first, whatever else is due', () => {
    for (const { alarm, asked } of all)
      expect(due(alarm, asked) === 'earlier').toBe(asked.again || isBefore(alarm.desired, alarm.bound))
  })

  it('a commit is due only where the manager cannot be later than it', () => {
    for (const { alarm, asked } of withStep('commit')) {
      expect(isEarlier(alarm, asked)).toBe(false)
      expect(alarm.desired !== alarm.committed || asked.touched).toBe(true)
    }
  })

  it('a later move is due last: everything is committed', () => {
    for (const { alarm, asked } of withStep('later')) {
      expect(alarm.desired).toBe(alarm.committed)
      expect(asked).toMatchObject({ touched: false, again: false })
      expect(isBefore(alarm.bound, alarm.committed) || asked.owed).toBe(true)
    }
  })

  it('leave nothing undone: where nothing is due, everything agrees', () => {
    for (const { alarm, asked } of withStep(null)) {
      expect(alarm).toEqual({ desired: alarm.bound, committed: alarm.bound, bound: alarm.bound })
      expect(asked).toEqual(nothingAsked)
    }
  })
})
