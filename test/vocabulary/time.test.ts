import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { checkAlarmTime, checkTime, isBefore, moveTo, printTime } from '../../src/vocabulary/time.ts'

describe('alarm times', () => {
  it.each([
    [1, 2, true],
    [2, 1, false],
    [1, 1, false],
    [1, null, true],
    [null, 1, false],
    [null, null, false],
    [0, 1, true],
  ])('order: %s before %s is %s', (a, b, before) => {
    expect(isBefore(a, b)).toBe(before)
  })

  it.each([
    [1, 2, 'earlier'],
    [2, 1, 'later'],
    [1, null, 'earlier'],
    [null, 1, 'later'],
    [1, 1, 'same'],
    [null, null, 'same'],
  ])('%s against the bound %s moves %s', (time, bound, move) => {
    expect(moveTo(time, bound)).toBe(move)
  })

  it.each([0, 1, Number.MAX_SAFE_INTEGER])('accepts %s', (time) => {
    expect(checkTime(time)).toBe(time)
    expect(checkTime(new Date(8.64e15))).toBe(8.64e15)
  })

  it('accept a Date of another realm, and refuse what only calls itself one', () => {
    expect(checkTime(runInNewContext('new Date(5000)'))).toBe(5000)
    for (const bad of [runInNewContext('new Date(NaN)'), new Date(Number.NaN)])
      expect(() => checkTime(bad)).toThrow('an invalid Date')
    class Mine extends Date {
      override getTime(): number {
        return 7
      }
    }
    expect(checkTime(new Mine(5000))).toBe(5000)
    for (const bad of [
      { [Symbol.toStringTag]: 'Date', getTime: () => 5 },
      new Proxy(new Date(5), {}),
      null,
      '5',
      5n,
    ])
      expect(() => checkTime(bad as never)).toThrow(expect.objectContaining({ code: 'ALARM_TIME_INVALID' }))
  })

  it('print as the number, or as none', () => {
    expect([printTime(5), printTime(null)]).toEqual(['5', 'none'])
  })

  it('reads -0 as 0, so that it compares as the same alarm', () => {
    expect(Object.is(checkTime(-0), 0)).toBe(true)
  })

  it.each([
    Number.NaN,
    Infinity,
    -Infinity,
    -1,
    1.5,
    2 ** 53,
    '5',
    undefined,
    null,
    true,
    5n,
    {},
    new Date('never'),
    new Date(-1),
  ])('refuses %s with a code, what was given and what to do', (time) => {
    expect(() => checkTime(time as number)).toThrowError(
      expect.objectContaining({
        name: 'AlarmError',
        code: 'ALARM_TIME_INVALID',
        message: expect.stringMatching(/0 or more.*; given .+\. To remove the alarm use delete\(\)\.$/),
      }),
    )
  })

  it('takes null where it is a time too', () => {
    expect(checkAlarmTime(null)).toBe(null)
    expect(checkAlarmTime(7)).toBe(7)
    expect(() => checkAlarmTime(-7)).toThrowError(expect.objectContaining({ code: 'ALARM_TIME_INVALID' }))
  })
})
