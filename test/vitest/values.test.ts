import { runInNewContext } from 'node:vm'
import 'nolater/vitest'
import type { MarbleRun } from 'nolater/vitest'
import { from, map, of, throwError, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { complaintOf } from './complaint.ts'

class Opened {}
class Closed {}
class Point {
  readonly x: number
  constructor(x: number) {
    this.x = x
  }
}
/** Like the types of Temporal: no fields that can be seen, and no primitive value. */
class Instant {
  readonly #ms: number
  constructor(ms: number) {
    this.#ms = ms
  }
  toString(): string {
    return `@${this.#ms}`
  }
  valueOf(): never {
    throw new TypeError('compare with equals')
  }
}
class Money {
  readonly #cents: number
  constructor(cents: number) {
    this.#cents = cents
  }
  toJSON(): object {
    return { cents: this.#cents }
  }
}
class Bag {
  readonly #all: readonly unknown[]
  constructor(...all: unknown[]) {
    this.#all = all
  }
  *[Symbol.iterator](): Iterator<unknown> {
    yield* this.#all
  }
}

const bytes = (...all: number[]): ArrayBuffer => new Uint8Array(all).buffer
const view = (...all: number[]): DataView => new DataView(bytes(...all))
const form = (value: string): FormData => {
  const made = new FormData()
  made.set('a', value)
  return made
}
const cyclic = (name: string): object => {
  const made: Record<string, unknown> = { name }
  made.self = made
  return made
}
const at = (lastIndex: number): RegExp => Object.assign(/a/g, { lastIndex })
const failed = (cause: unknown): Error => new Error('oh', { cause })
const foreign = (code: string): object => runInNewContext(code)
function* numbers(...all: number[]): Generator<number> {
  yield* all
}
const settled = Promise.resolve(1)
const iterator = numbers(1)
const key = Symbol('a')
const sparse: unknown[] = []
sparse[1] = 1

/** `yes`: the letter stands for the value that is seen. In each row it is what `toEqual` says, except where that sees nothing. */
const table: readonly [
  what: string,
  seen: unknown,
  meant: unknown,
  isSame: 'yes' | 'no',
  toEqual?: 'yes' | 'no',
][] = [
  ['-0', -0, 0, 'no'],
  ['NaN', Number.NaN, Number.NaN, 'yes'],
  ['a bigint', 1n, 1n, 'yes'],
  ['another bigint', 1n, 2n, 'no'],
  ['a bigint and a number', 1n, 1, 'no'],
  ['a symbol', key, key, 'yes'],
  ['another symbol of that name', key, Symbol('a'), 'no'],
  ['a registered symbol', Symbol.for('a'), Symbol.for('a'), 'yes'],
  ['undefined and null', undefined, null, 'no'],
  ['a property that is undefined', { a: 1, b: undefined }, { a: 1 }, 'yes'],
  ['a property under a symbol', { [key]: 1 }, { [key]: 2 }, 'no'],
  ['a sparse array', sparse, [undefined, 1], 'yes'],
  ['a longer array', [1, 2], [1], 'no'],
  ['an array and what looks like one', [1], { 0: 1, length: 1 }, 'no'],
  ['a cycle', cyclic('a'), cyclic('a'), 'yes'],
  ['another cycle', cyclic('a'), cyclic('b'), 'no'],
  ['an object without a prototype', Object.create(null), {}, 'yes'],
  ['an object of another realm', foreign('({ a: 1 })'), { a: 1 }, 'yes'],

  ['an instance and its fields', new Point(1), { x: 1 }, 'yes'],
  ['an instance', new Point(1), new Point(2), 'no'],
  ['an event', new Opened(), new Opened(), 'yes'],
  ['another event', new Opened(), new Closed(), 'no', 'yes'],
  ['private fields that toString says', new Instant(1), new Instant(1), 'yes'],
  ['others', new Instant(1), new Instant(2), 'no', 'yes'],
  ['private fields that toJSON says', new Money(1), new Money(1), 'yes'],
  ['others', new Money(1), new Money(2), 'no', 'yes'],
  ['a boxed bigint', Object(1n), Object(2n), 'no', 'yes'],
  ['a boxed number', Object(1), Object(2), 'no'],

  ['a Map', new Map([[1, 2]]), new Map([[1, 2]]), 'yes'],
  ['another value in a Map', new Map([[1, 2]]), new Map([[1, 3]]), 'no'],
  ['another key in a Map', new Map([[1, 2]]), new Map([[2, 2]]), 'no'],
  ['object keys', new Map([[{ id: 1 }, 1]]), new Map([[{ id: 1 }, 1]]), 'yes'],
  ['other object keys', new Map([[{ id: 1 }, 1]]), new Map([[{ id: 2 }, 1]]), 'no'],
  ['a Map in a Map', new Map([[1, new Map([[1, 1]])]]), new Map([[1, new Map([[1, 2]])]]), 'no'],
  ['a Set', new Set([1, 2]), new Set([2, 1]), 'yes'],
  ['another Set', new Set([1]), new Set([2]), 'no'],
  ['a Set of objects', new Set([{ id: 1 }]), new Set([{ id: 2 }]), 'no'],
  ['a Set in an object', { ids: new Set(['a']) }, { ids: new Set(['b']) }, 'no'],
  ['a Map and a Set', new Map(), new Set(), 'no'],
  ['an iterable of its own', new Bag(1, 2), new Bag(1, 2), 'yes'],
  ['another iterable', new Bag(1, 2), new Bag(1, 3), 'no'],

  ['a typed array', new Uint8Array([1, 2]), new Uint8Array([1, 2]), 'yes'],
  ['another typed array', new Uint8Array([1, 2]), new Uint8Array([1, 3]), 'no'],
  ['a typed array of another type', new Uint8Array([1]), new Int8Array([1]), 'no'],
  ['-0 in a typed array', new Float32Array([-0]), new Float32Array([0]), 'no'],
  ['NaN in a typed array', new Float32Array([Number.NaN]), new Float32Array([Number.NaN]), 'yes'],
  ['a buffer', bytes(1, 2), bytes(1, 2), 'yes'],
  ['another buffer', bytes(1, 2), bytes(1, 3), 'no', 'yes'],
  ['a longer buffer', bytes(1), bytes(1, 0), 'no', 'yes'],
  ['a view', view(1), view(1), 'yes'],
  ['another view', view(1), view(2), 'no', 'yes'],
  ['a buffer in an object', { body: bytes(1) }, { body: bytes(2) }, 'no', 'yes'],

  ['a Date', new Date(1), new Date(1), 'yes'],
  ['another Date', new Date(1), new Date(2), 'no'],
  ['a Date of another realm', foreign('new Date(1)'), new Date(1), 'yes'],
  ['another one', foreign('new Date(1)'), new Date(2), 'no'],
  ['a RegExp', /a/g, /a/g, 'yes'],
  ['other flags', /a/g, /a/i, 'no'],
  ['another lastIndex', at(0), at(1), 'yes'],
  ['a URL', new URL('http://a/'), new URL('http://a/'), 'yes'],
  ['another URL', new URL('http://a/'), new URL('http://b/'), 'no'],
  ['URLSearchParams', new URLSearchParams('a=1'), new URLSearchParams('a=1'), 'yes'],
  ['others', new URLSearchParams('a=1'), new URLSearchParams('a=2'), 'no'],
  ['Headers', new Headers({ a: '1' }), new Headers({ a: '1' }), 'yes'],
  ['others', new Headers({ a: '1' }), new Headers({ a: '2' }), 'no'],
  ['FormData', form('1'), form('1'), 'yes'],
  ['other FormData', form('1'), form('2'), 'no'],

  ['an error', new Error('oh'), new Error('oh'), 'yes'],
  ['another message', new Error('oh'), new Error('no'), 'no'],
  ['another class', new TypeError('oh'), new RangeError('oh'), 'no'],
  ['a cause', failed(1), failed(2), 'no'],
  ['a cause that is not asked for', failed(1), new Error('oh'), 'yes'],
  ['a cause in a cause', failed(failed(1)), failed(failed(2)), 'no'],
  ['the errors of several', new AggregateError([1]), new AggregateError([2]), 'no'],
  ['a code', Object.assign(new Error('oh'), { code: 1 }), Object.assign(new Error('oh'), { code: 2 }), 'no'],
  ['another DOMException', new DOMException('oh', 'A'), new DOMException('oh', 'B'), 'no'],

  ['a function', Number, Number, 'yes'],
  ['another function', () => 1, () => 1, 'no'],
  ['the same promise', settled, settled, 'yes'],
  ['another promise', settled, Promise.resolve(1), 'no', 'yes'],
  ['a promise and an object', settled, {}, 'no'],
  ['the same iterator', iterator, iterator, 'yes', 'no'],
  ['another iterator', numbers(1), numbers(1), 'no', 'yes'],
  ['an iterator of something else', numbers(1), numbers(2), 'no'],
  ['an iterator in an object', { all: [1].values() }, { all: [2].values() }, 'no'],
  ['another Blob', new Blob(['a']), new Blob(['b']), 'no', 'yes'],
  ['another Response', new Response('a'), new Response('b'), 'no', 'yes'],
  ['another WeakMap', new WeakMap(), new WeakMap(), 'no', 'yes'],
]

const equals = (check: () => void): boolean => {
  try {
    check()
    return true
  } catch {
    return false
  }
}

describe('values in a diagram', () => {
  it.each(table)('%s: %s and %s: %s', (_, seen, meant, isSame, toEqual) => {
    const same = isSame === 'yes'
    expect(equals(() => expect(of(seen)).toMatchMarbles('(a|)', { a: meant }))).toBe(same)
    // Once more: what is compared is not used up.
    expect(equals(() => expect(of(seen)).toMatchMarbles('(a|)', { a: meant }))).toBe(same)
    for (const inside of [(value: unknown) => [value], (value: unknown) => new Map([[1, { value }]])])
      expect(equals(() => expect(of(inside(seen))).toMatchMarbles('(a|)', { a: inside(meant) }))).toBe(same)
    const failing = throwError(() => seen)
    expect(equals(() => expect(failing).toMatchMarbles('#', { '#': meant }))).toBe(same)
    expect(equals(() => expect(seen).toEqual(meant))).toBe((toEqual ?? isSame) === 'yes')
  })

  it('takes another letter only for a value that it stands for', () => {
    const [first, second] = [numbers(1), numbers(2)]
    const told = (...seen: unknown[]) =>
      complaintOf(() => expect(of(...seen)).toMatchMarbles('(ab|)', { a: second, b: numbers(3) }))
    expect(told(first, first)).toContain('+ (??|)')
    expect(told(first, second)).toContain('+ (?a|)')
  })

  it('asks the equality testers of the project first', () => {
    const isMoney = (value: unknown): boolean => value instanceof Money
    let use = true
    expect.addEqualityTesters([(a, b) => (use && isMoney(a) && isMoney(b) ? true : undefined)])
    expect(of(new Money(1))).toMatchMarbles('(a|)', { a: new Money(2) })
    use = false
    expect(of(new Money(1))).not.toMatchMarbles('(a|)', { a: new Money(2) })
  })

  it('takes asymmetric matchers for what hides its contents', () => {
    expect(of(settled, bytes(1))).toMatchMarbles('(ab|)', {
      a: expect.any(Promise),
      b: expect.any(ArrayBuffer),
    })
    expect(of(settled)).not.toMatchMarbles('(a|)', { a: expect.any(ArrayBuffer) })
  })

  it('shows what is in something without keys', () => {
    const complaint = (seen: unknown, meant: unknown) =>
      complaintOf(() => expect(of(seen)).toMatchMarbles('(a|)', { a: meant })).match(/\? at 0 ms: .*/)?.[0]
    expect(complaint(new Headers({ a: '1' }), 1)).toBe('? at 0 ms: the value Headers [["a", "1"]]')
    expect(complaint({ query: new URLSearchParams('a=1') }, 1)).toBe(
      '? at 0 ms: the value {"query": URLSearchParams [["a", "1"]]}',
    )
    expect(complaint(new Map([[1, new Bag(1)]]), 1)).toBe('? at 0 ms: the value Map {1 => Bag [1]}')
    const wanted = (error: unknown) =>
      complaintOf(() => expect(throwError(() => 1)).toMatchMarbles('#', { '#': error })).match(
        /not (.*), which/,
      )?.[1]
    expect(wanted(expect.objectContaining({ id: 1 }))).toBe('ObjectContaining {"id": 1}')
    expect(wanted(expect.any(String))).toBe('Any<String>')
    expect(wanted(expect.stringMatching(/a/))).toBe('StringMatching /a/')
  })

  it('gives different values different letters in a snapshot', () => {
    expect(
      of(new Map([[1, 2]]), new Map([[1, 3]]), new Headers({ a: '1' }), new Headers({ a: '2' })),
    ).toMatchMarblesInlineSnapshot(`
      (abcd|)
      a = Map {1 => 2}
      b = Map {1 => 3}
      c = Headers [["a", "1"]]
      d = Headers [["a", "2"]]
    `)
  })
})

describe('durations in a diagram', () => {
  it.each([
    ['32.2s', 32_200],
    ['1.005s', 1_005],
    ['4.1m', 246_000],
    ['0.1s 0.2s', 300],
    ['1.1m 2.2s 3ms', 68_203],
    ['0.000017m', 1.02],
  ])('%s is %d ms', (written, ms) => {
    const seen = timer(ms).pipe(map(() => 'a'))
    expect(seen).toMatchMarbles(`${written} (a|)`)
    expect(({ cold }: MarbleRun) => cold(`${written} (a|)`)).toMatchMarbles(`${written} (a|)`)
    expect(({ cold }: MarbleRun) => cold(`${written} (a|)`)).toMatchMarbles(`${ms}ms (a|)`)
    expect(({ hot }: MarbleRun) => hot(`${written} ^ ${written} (a|)`)).toMatchMarbles(`- ${ms}ms (a|)`)
    expect(({ time, scheduler }: MarbleRun) =>
      timer(time(`${written} |`), scheduler).pipe(map(() => 'a')),
    ).toMatchMarbles(`${ms}ms (a|)`)
  })

  it('are the time of a subscription, too', () => {
    let source: unknown
    expect(({ cold }: MarbleRun) => {
      source = cold('32.2s |')
      return source as never
    }).toMatchMarbles('32.2s |')
    expect(source).toHaveSubscriptions('^ 32.199s !')
  })

  it('begin where ^ is, whatever stands before it', () => {
    expect(({ hot }: MarbleRun) => hot('1s a b ^ c|')).toMatchMarbles('-c|')
    expect(({ hot }: MarbleRun) => hot(' (ab)^c')).toMatchMarbles('-c')
  })

  it('leave the error of a source as it is, 0 and null too', () => {
    for (const error of [0, null, '', 'error'])
      expect(({ cold }: MarbleRun) => cold('#', undefined, error)).toMatchMarbles('#', { '#': error })
    expect(({ cold }: MarbleRun) => cold('#')).toMatchMarbles('#', { '#': 'error' })
  })
})

describe('a long diagram', () => {
  const columns = 60_000
  const letters = 'a'.repeat(columns)

  it.each(['cold', 'hot'] as const)('takes the time of its columns: %s', (name) => {
    expect((run: MarbleRun) => run[name](`${letters}|`)).toMatchMarbles(`${letters}|`)
    expect((run: MarbleRun) => run[name](`${letters}|`)).not.toMatchMarbles(`${letters}b`)
  })

  it('takes the time of its columns: with durations, in one group, in a snapshot', () => {
    const far = `${'1ms a '.repeat(columns / 2)}|`
    expect(({ cold }: MarbleRun) => cold(far)).toMatchMarbles(far)
    expect(from(letters)).toMatchMarbles(`(${letters}|)`)
    expect(timer(columns).pipe(map(() => 'a'))).toMatchMarbles(`${'-'.repeat(columns)}(a|)`)
  })
})
