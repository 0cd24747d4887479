import { EMPTY } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { restOf } from '../../src/actor/config.ts'
import { type AlarmConfig, keepAlarm, openAlarm } from '../../src/index.ts'

const good: AlarmConfig = { commit: () => EMPTY, write: () => EMPTY }

describe('a config', () => {
  it.each([
    [
      'nothing',
      undefined,
      'ALARM_CONFIG_INVALID',
      'The config must be an object with commit and write; given undefined.',
    ],
    ['null', null, 'ALARM_CONFIG_INVALID', 'The config must be an object'],
    ['a function', () => {}, 'ALARM_CONFIG_INVALID', 'The config must be an object'],
    [
      'no commit',
      { write: good.write },
      'ALARM_CONFIG_INVALID',
      'commit must be a function that returns an Observable, a promise or an iterable',
    ],
    ['no write', { commit: good.commit }, 'ALARM_CONFIG_INVALID', 'write'],
    ['a write that is no function', { ...good, write: 5 }, 'ALARM_CONFIG_INVALID', 'write'],
    ['a bad initial', { ...good, initial: -1 }, 'ALARM_TIME_INVALID', 'time'],
    ['a bad epoch', { ...good, epoch: -1 }, 'ALARM_CONFIG_INVALID', 'epoch'],
    ['a key that is no string', { ...good, key: 5 }, 'ALARM_KEY_INVALID', 'key'],
    ['a lone surrogate in the key', { ...good, key: '\ud800' }, 'ALARM_KEY_INVALID', 'lone surrogate'],
    ['an enormous key', { ...good, key: 'x'.repeat(1025) }, 'ALARM_KEY_INVALID', '1025'],
    [
      'a reconcile that is no boolean',
      { ...good, reconcile: 1 },
      'ALARM_CONFIG_INVALID',
      'reconcile must be true or false',
    ],
    [
      'a retry that is no object',
      { ...good, retry: 3 },
      'ALARM_CONFIG_INVALID',
      'retry must be an object with count and delay',
    ],
    ['a name that it does not have', { ...good, comit: 1 }, 'ALARM_CONFIG_INVALID', 'The config of an alarm'],
    ['a name that its retry does not have', { ...good, retry: { cont: 1 } }, 'ALARM_CONFIG_INVALID', 'retry'],
    [
      'a raise that is no function',
      { ...good, raise: 5 },
      'ALARM_CONFIG_INVALID',
      'raise must be a function from the least epoch to the one that is durable; given 5.',
    ],
    ['a timeout that is none', { ...good, timeout: -1 }, 'ALARM_CONFIG_INVALID', 'timeout must be'],
    ['null retries', { ...good, retry: null }, 'ALARM_CONFIG_INVALID', 'retry'],
    [
      'negative retries',
      { ...good, retry: { count: -1 } },
      'ALARM_CONFIG_INVALID',
      'retry.count must be a whole number, 0 or more, or Infinity',
    ],
    ['half a retry', { ...good, retry: { count: 0.5 } }, 'ALARM_CONFIG_INVALID', 'retry.count'],
    [
      'a delay that is no function',
      { ...good, retry: { delay: 5 } },
      'ALARM_CONFIG_INVALID',
      'retry.delay must be a function from the attempt to milliseconds',
    ],
    [
      'no scheduler',
      { ...good, scheduler: {} },
      'ALARM_CONFIG_INVALID',
      'scheduler must be an RxJS scheduler',
    ],
    ['null for a scheduler', { ...good, scheduler: null }, 'ALARM_CONFIG_INVALID', 'scheduler must be'],
    [
      'half a scheduler',
      { ...good, scheduler: { now: (): number => 0 } },
      'ALARM_CONFIG_INVALID',
      'scheduler must be',
    ],
    [
      'the other half',
      { ...good, scheduler: { schedule: () => {} } },
      'ALARM_CONFIG_INVALID',
      'scheduler must be',
    ],
  ])('is refused with %s, before anything is opened', (_, config, code, names) => {
    const refusal = expect.objectContaining({ code, message: expect.stringContaining(names) })
    expect(() => openAlarm(config as AlarmConfig)).toThrowError(refusal)
    expect(() => keepAlarm(config as AlarmConfig)).toThrowError(refusal)
  })

  it('takes any Unicode as a key', () => {
    for (const key of ['', 'α', '🦉'.repeat(512), 'a\0b', 'x'.repeat(1024)]) {
      expect(() => openAlarm({ ...good, key })).not.toThrow()
    }
  })

  it('takes endless retries', () => {
    expect(() => openAlarm({ ...good, retry: { count: Infinity } })).not.toThrow()
  })

  it('rests 1 s, doubling, and never longer than a timer can', () => {
    expect([1, 2, 3, 4].map((attempt) => restOf(good, attempt))).toEqual([1000, 2000, 4000, 8000])
    expect(restOf(good, 20)).toBe(60_000)
    expect(restOf({ ...good, retry: {} }, 1)).toBe(1000)
    expect(restOf({ ...good, retry: { delay: () => 0 } }, 1)).toBe(0)
    expect(restOf({ ...good, retry: { delay: () => Infinity } }, 1)).toBe(2 ** 31 - 1)
    expect(restOf({ ...good, retry: { delay: (attempt) => attempt * 7 } }, 3)).toBe(21)
    for (const bad of [Number.NaN, -1, '5']) {
      expect(() => restOf({ ...good, retry: { delay: () => bad as number } }, 1)).toThrowError(
        expect.objectContaining({
          code: 'ALARM_CONFIG_INVALID',
          message: expect.stringContaining(
            'What retry.delay returns must be a number of milliseconds, 0 or more',
          ),
        }),
      )
    }
  })
})
