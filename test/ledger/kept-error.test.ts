import { describe, expect, it } from 'vitest'
import { keptError } from '../../src/ledger/kept-error.ts'

const asItIs = (text: string): string => text
const bytes = (value: unknown): number => new TextEncoder().encode(JSON.stringify(value)).length

describe('what is kept of an error', () => {
  it('is its name, its message, the first lines of its stack, when it was, and when the first was', () => {
    const error = new RangeError('no')
    error.stack = 'RangeError: no\n    at a (a.js:1:1)\n    at b (b.js:2:2)'
    const first = keptError(error, 5, null, asItIs)
    expect(first).toEqual({
      name: 'RangeError',
      message: 'no',
      stack: 'at a (a.js:1:1)\nat b (b.js:2:2)',
      at: 5,
      since: 5,
    })
    expect(keptError(error, 9, first, asItIs)).toMatchObject({ at: 9, since: 5 })
  })

  it('goes on from an error that was kept without a beginning', () => {
    expect(keptError('no', 9, { name: 'Error', message: '', at: 5 }, asItIs)).toMatchObject({ since: 5 })
  })

  it('is ten lines of the stack at most', () => {
    const stack = Array.from({ length: 50 }, (_, i) => `at ${i}`).join('\n')
    expect(keptError({ stack }, 0, null, asItIs).stack?.split('\n')).toHaveLength(10)
  })

  it.each([
    ['letters of three bytes', '€'],
    ['what JSON escapes', '\u0001'],
  ])('is 4 KB at most, of %s too: the stack is cut first', (_, letter) => {
    const error = { name: letter.repeat(100), message: letter.repeat(1_000), stack: letter.repeat(9_000) }
    const kept = keptError(error, 1.7e12, null, asItIs)
    expect(bytes(kept)).toBeLessThanOrEqual(4_096)
    expect(kept.message.length).toBeGreaterThan(400)
    const short = keptError({ ...error, message: 'no' }, 1.7e12, null, asItIs)
    expect(bytes(short)).toBeLessThanOrEqual(4_096)
    expect(short.message).toBe('no')
    expect(short.stack).not.toBeUndefined()
  })

  it('has passed redact, whole: a secret at the end of what is kept is not cut in two before', () => {
    const redact = (text: string): string => text.replaceAll(/token=\w+/g, 'token=…')
    const secret = `${'x'.repeat(990)} token=abcdefghijklmnop`
    const kept = keptError({ name: 'token=a', message: secret, stack: `at f (token=b)` }, 0, null, redact)
    expect(JSON.stringify(kept)).not.toMatch(/token=\w/)
    expect(kept.message).toBe(`${'x'.repeat(990)} token=…`)
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('a bug')
      },
    ],
    ['gives no text', () => undefined as unknown as string],
  ])('is nothing of it where redact %s', (_, redact) => {
    const kept = keptError({ name: 'secret', message: 'secret', stack: 'at secret' }, 0, null, redact)
    expect(JSON.stringify(kept)).not.toContain('secret"')
    expect(kept.message).toBe('(not kept: redact gave no text)')
  })
})
