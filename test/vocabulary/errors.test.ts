import { describe, expect, it } from 'vitest'
import { AlarmError, AlarmFencedError } from '../../src/index.ts'
import {
  closedError,
  commitError,
  configError,
  fleetClosedError,
  fullError,
  internalError,
  loadError,
  loadingError,
  precommitError,
  timeError,
  timeoutError,
  writeError,
} from '../../src/vocabulary/error-of.ts'
import { heldFence, isFenced } from '../../src/vocabulary/errors.ts'
import { given, listed, reason } from '../../src/vocabulary/given.ts'

describe('an error says what was expected, what was given and what to do:', () => {
  const cause = new Error('disk full.')
  it.each([
    {
      error: timeError('soon'),
      name: 'AlarmError',
      code: 'ALARM_TIME_INVALID',
      message:
        'An alarm time is a whole number of milliseconds since the epoch, 0 or more, or a valid Date; given "soon". ' +
        'To remove the alarm use delete().',
    },
    {
      error: configError('retry', 'an object', 5),
      name: 'AlarmError',
      code: 'ALARM_CONFIG_INVALID',
      message: 'retry must be an object; given 5.',
    },
    {
      error: precommitError('a', '5', cause),
      name: 'AlarmError',
      code: 'ALARM_PRECOMMIT_FAILED',
      message:
        'The manager did not take the earlier alarm 5 of "a", so it was not committed: disk full. ' +
        'Open the alarm again from its store; a fleet does so when it is asked next.',
      counted: false,
      cause,
    },
    {
      error: commitError('a', '5', 'no'),
      name: 'AlarmError',
      code: 'ALARM_COMMIT_FAILED',
      message:
        'The store did not commit the alarm 5 of "a": "no". Open the alarm again from its store; a fleet does so when it is asked next.',
      counted: false,
      cause: 'no',
    },
    {
      error: writeError('a', 'none', cause),
      name: 'AlarmError',
      code: 'ALARM_WRITE_FAILED',
      message:
        'The manager did not take the alarm none of "a", so its delivery stays open: disk full. ' +
        'Nothing is lost: answer the manager with this error and it delivers again.',
      counted: false,
      cause,
    },
    {
      error: new AlarmFencedError('a', 3),
      name: 'AlarmFencedError',
      code: 'ALARM_FENCED',
      message:
        'The manager refused fence 3 of "a": another incarnation owns this actor, ' +
        'or its store is older than the manager (restored from a backup, or begun again). Stop this one, or open it again from its store, ' +
        'which raises the epoch.',
      counted: false,
    },
    {
      error: new AlarmFencedError('a', 3, 7),
      name: 'AlarmFencedError',
      code: 'ALARM_FENCED',
      message:
        'The manager refused fence 3 of "a", it holds 7: another incarnation owns this actor, ' +
        'or its store is older than the manager (restored from a backup, or begun again). Stop this one, or open it again from its store, ' +
        'which raises the epoch.',
      counted: false,
    },
    {
      error: closedError('a'),
      name: 'AlarmError',
      code: 'ALARM_CLOSED',
      message: 'The alarm of "a" was closed. Open it again from its store.',
      counted: false,
    },
    {
      error: loadingError('a'),
      name: 'AlarmError',
      code: 'ALARM_LOADING',
      message:
        'The alarm of "a" is being loaded, so its time is not known yet. Wait for confirmed(), then ask again.',
      counted: false,
    },
    {
      error: loadError('a', cause),
      name: 'AlarmError',
      code: 'ALARM_LOAD_FAILED',
      message:
        'The store did not load the alarm of "a", so nothing asked of it was done: disk full. ' +
        'Ask again, and it is loaded again.',
      counted: false,
      cause,
    },
    {
      error: internalError('a', cause),
      name: 'AlarmError',
      code: 'ALARM_INTERNAL',
      message:
        'The alarm of "a" is broken by what was thrown while it was being kept: disk full. Nothing that was not durable is done. ' +
        'Open the alarm again from its store; a fleet does so when it is asked next.',
      counted: false,
      cause,
    },
    {
      error: fleetClosedError(),
      name: 'AlarmError',
      code: 'ALARM_CLOSED',
      message: 'The fleet of this alarm was closed. Open another one.',
      counted: false,
    },
    {
      error: fullError('a', 9),
      name: 'AlarmError',
      code: 'ALARM_FLEET_FULL',
      message:
        'The fleet keeps at most 9 actors in memory (maxActors), and all of them are at work, so "a" was not loaded, and nothing was ' +
        'done. Ask again when fleet.pressure.actors is lower; give more memory, and a higher maxActors.',
      counted: false,
    },
    {
      error: timeoutError('commit', 9),
      name: 'AlarmError',
      code: 'ALARM_TIMEOUT',
      message:
        'commit must complete within the timeout of 9 ms; it did not answer, and was unsubscribed. What it asked for may still be done: ' +
        'see why it is slow, or give a longer timeout.',
      counted: false,
    },
    {
      error: new AlarmError('ALARM_KEY_INVALID', 'no'),
      name: 'AlarmError',
      code: 'ALARM_KEY_INVALID',
      message: 'no',
    },
  ])('$code', ({ error, ...told }) => {
    const { name, code, message } = error
    const has = (what: 'counted' | 'cause') => (what in error ? { [what]: error[what] } : {})
    expect({ name, code, message, ...has('counted'), ...has('cause') }).toEqual(told)
    expect(error).toBeInstanceOf(AlarmError)
  })

  it('tells the key and the fence of what was refused', () => {
    expect(new AlarmFencedError('a', 3, 7)).toMatchObject({ key: 'a', fence: 3 })
  })

  it('says what the manager holds, and that it may pass, where that is so', () => {
    expect('held' in new AlarmFencedError('a', 3)).toBe(false)
    expect(heldFence(new AlarmFencedError('a', 3, 7))).toBe(7)
    expect(heldFence(new AlarmFencedError('a', 3))).toBeUndefined()
    expect(heldFence({ code: 'ALARM_FENCED', held: '7' })).toBeUndefined()
    expect(heldFence({ code: 'ALARM_CLOSED', held: 7 })).toBeUndefined()
    expect(new AlarmError('ALARM_STORAGE_LOCKED', 'no', { passes: true }).passes).toBe(true)
    for (const options of [undefined, {}, { passes: false }])
      expect('passes' in new AlarmError('ALARM_STORAGE_LOCKED', 'no', options)).toBe(false)
  })

  it('keeps a cause that is undefined, and has none where none was given', () => {
    expect('cause' in new AlarmError('ALARM_KEY_INVALID', 'no', { cause: undefined })).toBe(true)
    expect('cause' in new AlarmError('ALARM_KEY_INVALID', 'no', { counted: false })).toBe(false)
    expect('counted' in new AlarmError('ALARM_KEY_INVALID', 'no', { cause: 1 })).toBe(false)
  })
})

describe('a value in a message', () => {
  it.each([
    [5, '5'],
    [Number.NaN, 'NaN'],
    [null, 'null'],
    [undefined, 'undefined'],
    ['a"b', '"a\\"b"'],
    ['x'.repeat(60), `"${'x'.repeat(60)}"`],
    ['x'.repeat(61), `"${'x'.repeat(60)}…"`],
    [new Date(Number.NaN), 'an invalid Date'],
    [{}, 'an object'],
    [[1], 'an object'],
    [() => {}, 'a function'],
    [true, 'a boolean'],
    [5n, 'a bigint'],
    [Symbol('s'), 'a symbol'],
  ])('%o is short and on one line', (value, printed) => {
    expect(given(value)).toBe(printed)
  })
})

describe('fenced is told by the code, also from another copy of the library:', () => {
  it.each([
    [new AlarmFencedError('a', 1), true],
    [{ code: 'ALARM_FENCED' }, true],
    [{ code: 'ALARM_CLOSED' }, false],
    [{}, false],
    [null, false],
    [undefined, false],
    ['ALARM_FENCED', false],
    [Object.assign(() => {}, { code: 'ALARM_FENCED' }), false],
  ])('%o is %s', (error, fenced) => {
    expect(isFenced(error)).toBe(fenced)
  })

  it('is an object where it is a Proxy that was revoked', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    expect(given(proxy)).toBe('an object')
  })

  it('is one of ten in a list, which says how many more there are', () => {
    const keys = Array.from({ length: 12 }, (_, i) => `k${i}`)
    const ten = keys.slice(0, 10).map(given).join(', ')
    expect(listed(keys.slice(0, 2))).toBe('"k0", "k1"')
    expect(listed(keys.slice(0, 10))).toBe(ten)
    expect(listed(keys)).toBe(`${ten} and 2 more`)
  })

  it('is a reason by its message, without the full stop at its end', () => {
    expect(reason(new Error('a.b. c.'))).toBe('a.b. c')
    expect(reason(Object.assign(() => {}, { message: 'odd' }))).toBe('a function')
    expect(reason({ message: 5 })).toBe('an object')
  })
})
