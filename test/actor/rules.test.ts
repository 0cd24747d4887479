import { describe, expect, it } from 'vitest'
import {
  type AlarmState,
  type Flight,
  idle,
  isClean,
  isConfirmed,
  isDrained,
  nextStep,
} from '../../src/actor/rules.ts'
import { type AlarmTime, isBefore } from '../../src/vocabulary/time.ts'

const times: AlarmTime[] = [1, 2, 3, null]
const states: AlarmState[] = times.flatMap((desired) =>
  times.flatMap((committed) => times.map((bound) => ({ desired, committed, bound }))),
)
const names = (Object.keys(idle) as (keyof Flight)[]).filter((name) => name !== 'commits')
const flights = Array.from({ length: 2 ** names.length }, (_, bits) =>
  Object.fromEntries(names.map((name, i) => [name, (bits & (1 << i)) !== 0])),
).flatMap((flags) => times.map((commits) => ({ ...flags, commits }) as unknown as Flight))
const all = states.flatMap((alarm) => flights.map((flight) => ({ alarm, flight })))

const withStep = (step: string | null) => all.filter(({ alarm, flight }) => nextStep(alarm, flight) === step)

describe('the three rules, over every state of four times', () => {
  it('write earlier first, and only while no write is in flight', () => {
    const cases = withStep('precommit')
    expect(cases.length).toBeGreaterThan(0)
    const isNeeded = ({ alarm, flight }: (typeof cases)[number]) =>
      isBefore(alarm.desired, alarm.bound) || flight.again
    expect(cases.every((one) => isNeeded(one) && !one.flight.writing)).toBe(true)
  })

  it('commit only what the manager cannot be later than, one at a time', () => {
    const cases = withStep('commit')
    expect(cases.length).toBeGreaterThan(0)
    expect(
      cases.every(
        ({ alarm, flight }) => !isBefore(alarm.desired, alarm.bound) && !flight.committing && !flight.again,
      ),
    ).toBe(true)
    expect(cases.every(({ alarm, flight }) => alarm.desired !== alarm.committed || flight.touched)).toBe(true)
  })

  it('write later last: nothing in flight, nothing uncommitted, not while resting', () => {
    const cases = withStep('later')
    expect(cases.length).toBeGreaterThan(0)
    for (const { alarm, flight } of cases) {
      expect(alarm.desired).toBe(alarm.committed)
      expect(isBefore(alarm.bound, alarm.committed) || flight.owed).toBe(true)
      expect(flight).toMatchObject({ committing: false, writing: false, resting: false, touched: false })
    }
  })

  it('leave nothing undone: at rest everything agrees', () => {
    for (const alarm of states) {
      if (nextStep(alarm, idle) !== null) continue
      expect(alarm.desired).toBe(alarm.committed)
      expect(alarm.bound).toBe(alarm.committed)
    }
  })

  it('call it drained only then, and clean only if the store can hold nothing else', () => {
    for (const { alarm, flight } of all) {
      if (isDrained(alarm, flight)) {
        expect(alarm).toEqual({
          desired: alarm.committed,
          committed: alarm.committed,
          bound: alarm.committed,
        })
        expect(flight).toEqual({ ...idle, commits: flight.commits })
      }
      const mayHold = flight.committing ? [alarm.committed, flight.commits] : [alarm.committed]
      expect(isClean(alarm, flight)).toBe(mayHold.every((time) => time === alarm.desired))
      expect(isConfirmed(alarm, flight)).toBe(isClean(alarm, flight) && !flight.committing && !flight.touched)
    }
  })
})
