import { describe, expect, it } from 'vitest'
import { newPath, open } from './sqlite-store-rig.ts'

const keyInvalid = expect.objectContaining({ code: 'ALARM_KEY_INVALID' })

describe('sqliteStore: values', () => {
  it('come back as they were put', () => {
    const file = newPath()
    const store = open({ file })
    const cycle: Record<string, unknown> = { name: 'cycle' }
    cycle.itself = cycle
    const values = {
      null: null,
      false: false,
      zero: -0,
      nan: Number.NaN,
      bigint: 2n ** 70n,
      text: 'a\0b 🙂',
      date: new Date(5),
      map: new Map([[{ a: 1 }, new Set([1, 'two'])]]),
      bytes: new Uint8Array([1, 2, 3]),
      nested: { list: [1, undefined, { deep: /x/g }] },
      error: new RangeError('no'),
      cycle,
    }
    for (const [key, value] of Object.entries(values)) store.put(key, value)
    store.close()
    const again = open({ file })
    for (const [key, value] of Object.entries(values)) expect(again.get(key), key).toEqual(value)
    expect(again.list()).toEqual(new Map(Object.entries(values)))
  })

  it('that cannot be kept are refused before anything is changed', () => {
    const store = open()
    store.put('a', 1)
    const invalid = expect.objectContaining({ code: 'ALARM_VALUE_INVALID' })
    for (const value of [
      undefined,
      () => {},
      Symbol('s'),
      { deep: [() => {}] },
      new WeakMap(),
      Promise.resolve(),
    ]) {
      expect(() => store.put('a', value)).toThrow(invalid)
    }
    expect(store.get('a')).toBe(1)
  })

  it('are replaced and deleted', () => {
    const store = open()
    store.put('a', 1)
    store.put('a', 2)
    expect([store.get('a'), store.delete('a'), store.delete('a'), store.get('a')]).toEqual([
      2,
      true,
      false,
      undefined,
    ])
  })

  it('have keys of any Unicode, listed by prefix in the order of the code points', () => {
    const store = open()
    const keys = [
      '',
      'a',
      'a\0',
      'a\0b',
      'aa',
      'ab',
      'b',
      '\ud7ff',
      '\ud7ffx',
      '\ue000',
      '\uffff',
      '\u{10ffff}',
      '\u{10ffff}x',
      'é',
      '🙂',
    ]
    for (const key of keys) store.put(key, key)
    const order = keys.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
    expect([...store.list().keys()]).toEqual(order)
    for (const prefix of keys) {
      const found = order.filter((key) => key.startsWith(prefix))
      expect([...store.list({ prefix }).keys()], JSON.stringify(prefix)).toEqual(found)
    }
    for (const key of keys) expect(store.get(key)).toBe(key)
    expect(store.list({ prefix: 'nothing' }).size).toBe(0)
  })

  it('have no key that is enormous, malformed or no string', () => {
    const store = open()
    for (const key of ['x'.repeat(1025), '\ud800', undefined, 3, null] as string[]) {
      expect(() => store.get(key)).toThrow(keyInvalid)
      expect(() => store.put(key, 1)).toThrow(keyInvalid)
      expect(() => store.delete(key)).toThrow(keyInvalid)
    }
    expect(() => store.list({ prefix: '\ud800' })).toThrow(keyInvalid)
    const long = 'x'.repeat(1024)
    store.put(long, 1)
    expect(store.get(long)).toBe(1)
  })
})
