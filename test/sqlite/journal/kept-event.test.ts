import { describe, expect, it } from 'vitest'
import { keptEvent } from '../../../src/sqlite/journal/kept-event.ts'

const asItIs = (text: string): string => text
const kept = (event: object, redact = asItIs) => JSON.parse(keptEvent(event, redact))
const failed = (error: unknown) => kept({ at: 5, key: 'a', kind: 'commit-failed', time: 7, error }).error

const cycle: Record<string, unknown> = { message: 'round' }
cycle.self = cycle
const { proxy, revoke } = Proxy.revocable({}, {})
revoke()
const throwing = {
  get message() {
    throw new Error('not to be read')
  },
}

describe('what a journal keeps of an event', () => {
  it('is all of it but the key', () => {
    const event = { at: 5, key: 'a', kind: 'write-issued', move: 'later', time: null, fence: 3, attempt: 1 }
    const { key: _, ...rest } = event
    expect(kept(event)).toEqual(rest)
    const error = { name: 'Error', message: 'no' }
    expect(kept({ at: 5, key: 'a', kind: 'broken', error })).toEqual({ at: 5, kind: 'broken', error })
  })

  it.each<[string, unknown, object]>([
    ['an Error', new RangeError('no'), { name: 'RangeError', message: 'no' }],
    [
      'one with a code',
      Object.assign(new Error('no'), { code: 'E' }),
      { name: 'Error', message: 'no', code: 'E' },
    ],
    [
      'one whose code is a number',
      Object.assign(new Error('no'), { code: 5 }),
      { name: 'Error', message: 'no' },
    ],
    ['a cycle', cycle, { name: 'Error', message: 'round' }],
    ['a function', () => 5, { name: 'Error', message: 'a function' }],
    ['a symbol', Symbol('s'), { name: 'Error', message: 'a symbol' }],
    ['a BigInt', BigInt(5), { name: 'Error', message: 'a bigint' }],
    ['a text', 'no', { name: 'Error', message: '"no"' }],
    ['nothing', undefined, { name: 'Error', message: 'undefined' }],
    ['a getter that throws', throwing, { name: 'Error', message: 'an object' }],
    ['a Proxy that was revoked', proxy, { name: 'Error', message: 'an object' }],
    [
      'what would print itself otherwise',
      { message: 'no', toJSON: () => 'x' },
      { name: 'Error', message: 'no' },
    ],
  ])('is of an error its name and its message: %s', (_, error, expected) => {
    expect(failed(error)).toEqual(expected)
  })

  it('is bounded, however long an error is', () => {
    const long = '\u0001'.repeat(10_000)
    const event = { at: 5, kind: 'commit-failed', time: 7, error: { name: long, message: long, code: long } }
    expect(keptEvent(event, asItIs).length).toBeLessThan(5_000)
    expect(kept(event).error.message.length).toBe(500)
    expect(kept(event).error.code.length).toBe(100)
  })

  it('is redacted before it is cut', () => {
    const secret = `${'x'.repeat(495)}secret`
    const redact = (text: string) => text.replaceAll(/x+secret/g, '***')
    expect(kept({ at: 5, kind: 'broken', error: new Error(secret) }, redact).error.message).toBe('***')
    const broken = (): string => {
      throw new Error('redact')
    }
    expect(kept({ at: 5, kind: 'broken', error: new Error(secret) }, broken).error.message).toMatch(
      /^\(not kept/,
    )
  })

  it.each<[string, object]>([
    ['a cycle', { cycle }],
    ['a BigInt', { n: 5n }],
    ['much text', { text: 'x'.repeat(5_000) }],
    ['a getter that throws', throwing],
    ['toJSON', { toJSON: () => undefined }],
  ])('is when and what, where it holds %s', (_, more) => {
    const event = Object.defineProperties(
      { at: 5, key: 'a', kind: 'odd' },
      Object.getOwnPropertyDescriptors(more),
    )
    expect(kept(event)).toEqual({ at: 5, kind: 'not-kept', of: 'odd' })
  })

  it.each<[string, unknown, object]>([
    ['an object with nothing in it', {}, {}],
    ['fields of other types', { at: 'x', kind: 5, n: 5n }, { at: 0, kind: 'not-kept', of: 'number' }],
    [
      'a kind without an end',
      { at: 1, kind: 'k'.repeat(9_000) },
      { at: 1, kind: 'not-kept', of: 'k'.repeat(100) },
    ],
    ['null', null, { at: 0, kind: 'not-kept', of: 'undefined' }],
    ['a number', 5, { at: 0, kind: 'not-kept', of: 'undefined' }],
  ])('is something, even of %s', (_, event, expected) => {
    expect(kept(event as object)).toEqual(expected)
  })
})
