import { NEVER, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { openFleet } from '../../src/index.ts'
import { timeIn } from '../../src/vocabulary/time-in.ts'
import { open } from '../actor/bare-alarm.ts'

const refused = expect.objectContaining({ name: 'AlarmError', code: 'ALARM_TIME_INVALID' })
const clockAt = (now: number) => ({ now: () => now, schedule: () => expect.unreachable() })

describe('a time in ms from now', () => {
  it.each([
    [0, 7, 7],
    [5, 7, 12],
    [5, 7.000_1, 13],
    [5, 0, 5],
    [-0, 0, 0],
    [Number.MAX_SAFE_INTEGER - 7, 7, Number.MAX_SAFE_INTEGER],
  ])('%s after %s is %s', (ms, now, time) => {
    expect(timeIn(ms, now)).toBe(time)
  })

  it.each([-1, 1.5, Number.NaN, Infinity, 2 ** 53, '5', null, undefined, new Date(5), 5n])(
    'refuses the delay %s, and says what one is',
    (ms) => {
      expect(() => timeIn(ms as number, 7)).toThrow(refused)
      expect(() => timeIn(ms as number, 7)).toThrow('A delay is a whole number of milliseconds from now')
    },
  )

  it.each([
    [Number.MAX_SAFE_INTEGER, 7],
    [5, Number.NaN],
    [5, Infinity],
    [5, -7],
  ])('refuses %s after %s, a sum that no alarm can have', (ms, now) => {
    expect(() => timeIn(ms, now)).toThrow(refused)
    expect(() => timeIn(ms, now)).toThrow('the sum must be a safe integer')
  })

  it('is what alarms are set to by their injected clock; a bad delay changes nothing', () => {
    const alarm = open({ scheduler: clockAt(7.5) })
    alarm.setIn(5)
    expect(alarm.time).toBe(13)
    expect(() => alarm.setIn(-1)).toThrow(refused)
    expect(alarm.time).toBe(13)
  })

  it('does not close the output gate where that is allowed', () => {
    const sent: number[] = []
    const alarm = open({ scheduler: clockAt(7), commit: () => NEVER })
    const values$ = new Subject<number>()
    values$.pipe(alarm.holdUntilConfirmed()).subscribe((value) => sent.push(value))
    alarm.setIn(5, { allowUnconfirmed: true })
    values$.next(1)
    alarm.setIn(6)
    values$.next(2)
    expect(sent).toEqual([1])
  })

  it('is what the actors of a fleet are set to', () => {
    const commits: unknown[] = []
    const config = {
      load: () => [{ time: null, epoch: 1 }],
      write: () => [],
      commit: (time: unknown) => [commits.push(time)],
    }
    const fleet = openFleet({
      ...config,
      scheduler: { ...clockAt(7.5), schedule: () => expect.unreachable() },
      idleAfter: Infinity,
    })
    fleet.actor('a').setIn(5)
    expect(fleet.actor('a').time).toBe(13)
    expect(() => fleet.actor('a').setIn(Number.NaN)).toThrow(refused)
    expect(commits).toEqual([13])
  })
})
