import { describe, expect, it } from 'vitest'
import { AlarmError, AlarmFencedError } from '../../src/index.ts'
import {
  closedError,
  commitError,
  configError,
  loadError,
  loadingError,
  precommitError,
  timeError,
  writeError,
} from '../../src/vocabulary/error-of.ts'
import { isFenced } from '../../src/vocabulary/errors.ts'
import { given } from '../../src/vocabulary/given.ts'

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
})
