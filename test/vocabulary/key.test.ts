import { describe, expect, it } from 'vitest'
import { checkKey } from '../../src/vocabulary/key.ts'

describe('a key', () => {
  it.each(['', 'a', 'x'.repeat(1024), '🦉'])('may be %j', (key) => {
    expect(checkKey(key)).toBe(key)
  })

  it.each([
    [5, 'given 5.'],
    [['a'], 'given an object.'],
    [{ length: 3, isWellFormed: (): boolean => true }, 'given an object.'],
    ['x'.repeat(1025), 'given 1025 of them.'],
    [`${'x'.repeat(1023)}\ud800`, 'given a lone surrogate.'],
  ])('is refused when it is %j', (key, told) => {
    const message = `A key is a string of at most 1024 UTF-16 units and well-formed Unicode; ${told} Hash longer names.`
    expect(() => checkKey(key as string)).toThrowError(
      expect.objectContaining({ code: 'ALARM_KEY_INVALID', message }),
    )
  })
})
