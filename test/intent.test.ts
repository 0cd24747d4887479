import { describe, expect, it } from 'vitest'
import { type AlarmIntent, deleteAlarm, setAlarm } from '../src/index.ts'
import { wantedTime } from '../src/intent.ts'

describe('intents', () => {
  it('say what is wanted', () => {
    expect(setAlarm(5)).toEqual({ kind: 'set', time: 5 })
    expect(setAlarm(new Date(5), { allowUnconfirmed: true })).toEqual({
      kind: 'set',
      time: 5,
      allowUnconfirmed: true,
    })
    expect(deleteAlarm()).toEqual({ kind: 'delete' })
    expect(deleteAlarm({ allowUnconfirmed: true })).toEqual({ kind: 'delete', allowUnconfirmed: true })
    expect(wantedTime(setAlarm(5))).toBe(5)
    expect(wantedTime(deleteAlarm())).toBe(null)
  })

  it('refuse a bad time when they are made', () => {
    expect(() => setAlarm(Number.NaN)).toThrowError(expect.objectContaining({ code: 'ALARM_TIME_INVALID' }))
  })

  it.each([null, undefined, 5, 'set', {}, { kind: 'unset' }])(
    'are refused when made by hand as %o',
    (bad) => {
      expect(() => wantedTime(bad as unknown as AlarmIntent)).toThrowError(
        expect.objectContaining({
          code: 'ALARM_INTENT_INVALID',
          message: expect.stringContaining(
            'An intent is what setAlarm(time) or deleteAlarm() returns; given ',
          ),
        }),
      )
    },
  )
})
