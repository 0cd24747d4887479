import {
  concat,
  concatMap,
  defer,
  EMPTY,
  from,
  map,
  NEVER,
  Observable,
  type ObservableInput,
  type OperatorFunction,
  of,
  range,
  Subject,
  type Subscription,
  takeWhile,
  tap,
  throwError,
} from 'rxjs'
import { describe, expect, test } from 'vitest'
import { type Leaky, type LeakyEnd, leak, leakyEnds, type Side, surfacedDuring, theError } from './leaky.ts'

/** What an operator shows of itself, so that every law can be put to it. */
export interface Lawful<In, Out> {
  /** The n-th value of a source: 1, 2, 3... */
  readonly value: (n: number) => In
  /** Which value an output is about; `undefined` for an output that is about none. At most one output is about each value. */
  readonly about: (output: Out) => number | undefined
  /** The operator as it lets every value out at once, if what goes through `side` is there at once. */
  readonly build: (side: Side) => OperatorFunction<In, Out>
  /** Whether it is given anything to subscribe to: a signal, or what a user's function returns. */
  readonly sided: boolean
  /** It around each user's function that it takes, which throws `error`. */
  readonly throwing?: Readonly<Record<string, (error: unknown) => OperatorFunction<In, Out>>>
  /** laws that it need not obey, by what they say, each with the reason */
  readonly exempt?: Readonly<Record<string, string>>
}

interface Law {
  readonly says: string
  /** for operators that are given something to subscribe to */
  readonly sided?: true
  readonly check: <In, Out>(op: Lawful<In, Out>) => void | Promise<void>
}

/** Puts every law to an operator. A new operator is one more call; a new law is one more entry in the table. */
export function obeysTheLaws<In, Out>(name: string, op: Lawful<In, Out>): void {
  const unknown = Object.keys(op.exempt ?? {}).filter((says) => !laws.some((law) => law.says === says))
  if (unknown.length > 0) throw new Error(`${name} is exempt from what is no law: ${unknown.join('; ')}`)
  describe(`${name}, by law,`, () => {
    for (const law of laws) {
      if ((op.sided || !law.sided) && !op.exempt?.[law.says]) test(law.says, () => law.check(op))
    }
    for (const [what, build] of Object.entries(op.throwing ?? {})) {
      test(`passes on what ${what} throws`, () => passesOnWhatIsThrown(op, build))
    }
  })
}

const MANY = 100_000

export const tornDown = (ends: string): string =>
  `has torn its source down when it ${ends}, so that it may be subscribed to again at once`

export const goesOn = 'goes on when what it was given has ended and its teardown throws'

export const leakyLaw = (end: string): string =>
  `hears what concatMap does of ${end}, where a teardown throws, and swallows none`

const laws: readonly Law[] = [
  {
    says: 'subscribes to nothing before it is subscribed',
    check(op) {
      const { source, sides } = counters()
      const result = source.count(of(op.value(1))).pipe(op.build(sides.count))
      expect([source.opened, sides.opened]).toEqual([0, 0])
      const seen = watch(op, result, sides)
      expect(source.opened).toBe(1)
      expect(seen.values).toEqual([1])
    },
  },
  {
    says: 'completes with an empty source',
    check(op) {
      const { source, sides } = counters()
      const seen = watch(op, source.count(EMPTY).pipe(op.build(sides.count)), sides)
      expect(seen).toMatchObject({ values: [], end: 'complete' })
      expect([source.open, sides.open]).toEqual([0, 0])
    },
  },
  {
    says: 'neither emits nor ends with a source that never does',
    check(op) {
      const { source, sides } = counters()
      const seen = watch(op, source.count(NEVER).pipe(op.build(sides.count)), sides)
      expect(seen).toMatchObject({ values: [], end: 'none' })
      expect(source.open).toBe(1)
      seen.subscription.unsubscribe()
      expect([source.open, sides.open]).toEqual([0, 0])
    },
  },
  {
    says: 'lets a synchronous burst out at once, in order',
    check(op) {
      const seen = watch(op, values(op, 5).pipe(op.build(asIs)))
      expect(seen).toMatchObject({ values: [1, 2, 3, 4, 5], end: 'complete' })
    },
  },
  {
    says: 'lets 100,000 synchronous values out without overflow',
    check(op) {
      const seen = watch(op, values(op, MANY).pipe(op.build(asIs)))
      expect(seen.end).toBe('complete')
      expect(seen.values.length).toBe(MANY)
      expect(seen.values.every((n, i) => n === i + 1)).toBe(true)
    },
  },
  {
    says: 'passes the error of its source on, after what it was given is torn down',
    check(op) {
      const { source, sides } = counters()
      const values$ = source.count(concat(values(op, 2), throwError(boom)))
      const seen = watch(op, values$.pipe(op.build(sides.count)), sides)
      expect(seen).toMatchObject({ values: [1, 2], end: 'error', openAtEnd: 0 })
      expect(seen.error).toBe(theError)
      expect(source.open).toBe(0)
    },
  },
  {
    says: 'passes the error of its source on while it holds a value, and drops that',
    sided: true,
    check(op) {
      const { source, sides } = counters()
      const { values$, push } = pushed(op)
      const seen = watch(op, source.count(values$).pipe(op.build(sides.stall)), sides)
      push(1)
      push(2)
      expect(seen).toMatchObject({ values: [], end: 'none' })
      expect(sides.open).toBe(1)
      values$.error(theError)
      expect(seen).toMatchObject({ values: [], end: 'error', openAtEnd: 0 })
      expect(seen.error).toBe(theError)
      expect([source.open, source.closed]).toEqual([0, 1])
    },
  },
  {
    says: 'passes a synchronous error of what it was given on, with nothing left subscribed',
    sided: true,
    check(op) {
      const { source, sides } = counters()
      const values$ = source.count(concat(values(op, 2), NEVER))
      const seen = watch(op, values$.pipe(op.build(() => sides.count(throwError(boom)))), sides)
      expect(seen).toMatchObject({ values: [], end: 'error', openAtEnd: 0 })
      expect(rootOf(seen.error)).toBe(theError)
      expect([source.open, sides.open]).toEqual([0, 0])
    },
  },
  {
    says: 'passes a later error of what it was given on, with nothing left subscribed',
    sided: true,
    check(op) {
      const { source, sides } = counters()
      const failure$ = new Subject<never>()
      const values$ = source.count(concat(values(op, 2), NEVER))
      const seen = watch(op, values$.pipe(op.build(() => sides.count(failure$))), sides)
      expect(seen).toMatchObject({ values: [], end: 'none' })
      failure$.error(theError)
      expect(seen).toMatchObject({ values: [], end: 'error', openAtEnd: 0 })
      expect(rootOf(seen.error)).toBe(theError)
      expect([source.open, sides.open]).toEqual([0, 0])
    },
  },
  {
    says: 'completes only when the last value is out',
    sided: true,
    check(op) {
      const { source, sides } = counters()
      const later = stalledUntil()
      const seen = watch(
        op,
        source.count(values(op, 1)).pipe(op.build((x) => sides.count(later.side(x)))),
        sides,
      )
      expect(seen).toMatchObject({ values: [], end: 'none' })
      later.go()
      expect(seen).toMatchObject({ values: [1], end: 'complete', openAtEnd: 0 })
      expect([source.open, sides.open]).toEqual([0, 0])
    },
  },
  {
    says: 'takes 100,000 values while it holds, and ends with the last',
    sided: true,
    check(op) {
      const later = stalledUntil()
      const seen = watch(op, values(op, MANY).pipe(op.build(later.side)))
      expect(seen).toMatchObject({ values: [], end: 'none' })
      later.go()
      expect(seen.end).toBe('complete')
      expect(seen.values.at(-1)).toBe(MANY)
      expect(isAscending(seen.values)).toBe(true)
    },
  },
  {
    says: 'stops the source at once when it is unsubscribed inside next',
    check(op) {
      const { source, sides } = counters()
      let pulled = 0
      const endless = values(op, 1000).pipe(
        tap(() => {
          pulled++
        }),
      )
      const seen: (number | undefined)[] = []
      source
        .count(endless)
        .pipe(
          op.build(sides.count),
          tap((output) => seen.push(op.about(output))),
          takeWhile((output) => op.about(output) !== 2),
        )
        .subscribe()
      expect(pulled).toBe(2)
      expect(seen.filter((n) => n !== undefined)).toEqual([1, 2])
      expect([source.open, sides.open]).toEqual([0, 0])
    },
  },
  {
    says: 'says nothing more, and starts nothing more, once it is unsubscribed while it holds',
    sided: true,
    check(op) {
      const { source, sides } = counters()
      const later = stalledUntil()
      const { values$, push } = pushed(op)
      const seen = watch(op, source.count(values$).pipe(op.build((x) => sides.count(later.side(x)))), sides)
      push(1)
      push(2)
      const { opened } = sides
      seen.subscription.unsubscribe()
      later.go()
      expect(seen).toMatchObject({ values: [], end: 'none' })
      expect(values$.observed).toBe(false)
      expect([sides.opened, sides.open]).toEqual([opened, 0])
    },
  },
  ...(['completes', 'fails'] as const).map(
    (ends): Law => ({
      says: tornDown(ends),
      check(op) {
        const { source } = counters()
        const { values$, push } = pushed(op)
        let openAtEnd = -1
        const note = (): void => {
          openAtEnd = source.open
        }
        source.count(values$).pipe(op.build(asIs)).subscribe({ error: note, complete: note })
        push(1)
        if (ends === 'completes') values$.complete()
        else values$.error(theError)
        expect(openAtEnd).toBe(0)
      },
    }),
  ),
  ...(['completes', 'fails', 'is unsubscribed, twice,'] as const).map(
    (ends): Law => ({
      says: `tears everything down once when it ${ends}`,
      check(op) {
        const { source, sides } = counters()
        const { values$, push } = pushed(op)
        const seen = watch(op, source.count(values$).pipe(op.build(sides.count)), sides)
        push(1)
        if (ends === 'completes') values$.complete()
        if (ends === 'fails') values$.error(theError)
        seen.subscription.unsubscribe()
        seen.subscription.unsubscribe()
        expect(seen.end).toBe(ends === 'completes' ? 'complete' : ends === 'fails' ? 'error' : 'none')
        expect([source.opened, source.closed]).toEqual([1, 1])
        expect(sides.closed).toBe(sides.opened)
        expect(sides.opened > 0).toBe(op.sided)
      },
    }),
  ),
  {
    says: 'keeps the order of values that come from inside next',
    check(op) {
      const { values$, push } = pushed(op)
      const seen = watch(op, values$.pipe(op.build(asIs)), undefined, (n) => {
        if (n < 5) push(n + 1)
        else values$.complete()
      })
      push(1)
      expect(seen).toMatchObject({ values: [1, 2, 3, 4, 5], end: 'complete' })
    },
  },
  {
    says: 'needs no deeper stack for a chain of 100,000 values, each from inside the next of the one before',
    sided: true,
    check(op) {
      const { values$, push } = pushed(op)
      const seen = watch(op, values$.pipe(op.build(asIs)), undefined, (n) => {
        if (n < MANY) push(n + 1)
        else values$.complete()
      })
      push(1)
      expect(seen.end).toBe('complete')
      expect(seen.values.length).toBe(MANY)
      expect(isAscending(seen.values)).toBe(true)
    },
  },
  {
    says: 'starts afresh when it is subscribed again',
    check(op) {
      const { source, sides } = counters()
      const result = source.count(values(op, 3)).pipe(op.build(sides.count))
      expect(watch(op, result).values).toEqual([1, 2, 3])
      expect(watch(op, result)).toMatchObject({ values: [1, 2, 3], end: 'complete' })
      expect([source.opened, source.open, sides.open]).toEqual([2, 0, 0])
    },
  },
  {
    says: 'brings nothing that it held into the next subscription',
    sided: true,
    check(op) {
      let stalled = true
      const side: Side = (input) => defer(() => (stalled ? NEVER : from(input)))
      const { values$, push } = pushed(op)
      const result = values$.pipe(op.build(side))
      const first = watch(op, result)
      push(1)
      push(2)
      first.subscription.unsubscribe()
      stalled = false
      const second = watch(op, result)
      push(3)
      values$.complete()
      expect(first.values).toEqual([])
      expect(second).toMatchObject({ values: [3], end: 'complete' })
    },
  },
  {
    says: 'gives two subscribers each their own',
    check(op) {
      const { source, sides } = counters()
      const { values$, push } = pushed(op)
      const result = source.count(values$).pipe(op.build(sides.count))
      const one = watch(op, result)
      push(1)
      const other = watch(op, result)
      push(2)
      one.subscription.unsubscribe()
      push(3)
      expect([source.opened, source.open]).toEqual([2, 1])
      values$.complete()
      expect(one).toMatchObject({ values: [1, 2], end: 'none' })
      expect(other).toMatchObject({ values: [2, 3], end: 'complete' })
      expect([source.open, sides.open]).toEqual([0, 0])
    },
  },
  {
    says: 'lets one subscriber hold while another does not',
    sided: true,
    check(op) {
      let stalled = true
      const side: Side = (input) => defer(() => (stalled ? NEVER : from(input)))
      const { values$, push } = pushed(op)
      const result = values$.pipe(op.build(side))
      const holding = watch(op, result)
      push(1)
      stalled = false
      const flowing = watch(op, result)
      push(2)
      values$.complete()
      expect(holding).toMatchObject({ values: [], end: 'none' })
      expect(flowing).toMatchObject({ values: [2], end: 'complete' })
      holding.subscription.unsubscribe()
    },
  },
  ...Object.entries(leakyEnds).map(
    ([says, { sided, play }]): Law => ({
      says: leakyLaw(says),
      ...(sided && { sided }),
      async check(op) {
        const [seen, reference] = [await leaking(op, play), await leaking(rxjs, play)]
        expect(seen.heard).toEqual(reference.heard)
        // RxJS drops some that come after a completion.
        if (reference.surfaced > 0) expect(seen.surfaced).toBe(reference.surfaced)
        expect(seen.open).toBe(0)
      },
    }),
  ),
  {
    says: goesOn,
    sided: true,
    async check(op) {
      const leaks = leak()
      const held: (() => void)[] = []
      // Through no operator of RxJS's, which would swallow what the teardown throws.
      const late: Side = (input) =>
        new Observable((subscriber) => {
          held.push(() => {
            for (const value of valuesOf(input)) subscriber.next(value)
            subscriber.complete()
          })
        })
      const { values$, push } = pushed(op)
      const seen = watch(op, values$.pipe(op.build((input) => leaks.side(late(input)))))
      push(1)
      push(2)
      expect(seen).toMatchObject({ values: [], end: 'none' })
      const go = async (): Promise<void> => {
        for (let next = held.shift(); next !== undefined; next = held.shift())
          expect(await surfacedDuring(next)).toBe(1)
      }
      await go()
      push(3)
      await go()
      values$.complete()
      expect(seen.end).toBe('complete')
      expect(seen.values.at(-1)).toBe(3)
      expect(leaks.open).toBe(0)
    },
  },
  ...Object.entries(kinds()).map(
    ([kind, convert]): Law => ({
      says: `takes ${kind} wherever it is given something to subscribe to`,
      sided: true,
      async check(op) {
        const { values$, push } = pushed(op)
        const seen: number[] = []
        await new Promise<void>((complete, error) => {
          values$.pipe(op.build((input) => convert(valuesOf(input)))).subscribe({
            next(output) {
              const n = op.about(output)
              if (n === undefined) return
              seen.push(n)
              if (n < 3) push(n + 1)
              else values$.complete()
            },
            error,
            complete,
          })
          push(1)
        })
        expect(seen).toEqual([1, 2, 3])
      },
    }),
  ),
]

/** What is compared with: it lets every value out at once, if what goes through `side` is there at once. */
const rxjs: Lawful<number, number> = {
  value: (n) => n,
  about: (n) => n,
  build: (side) => concatMap((n) => side(of(n))),
  sided: true,
}

async function leaking<In, Out>(op: Lawful<In, Out>, play: LeakyEnd['play']) {
  const heard: unknown[] = []
  const leaks = leak()
  const { values$, push } = pushed(op)
  const leaky: Leaky<In> = {
    values$,
    push,
    values: (count) => values(op, count),
    leak: leaks.side,
    failure$: new Subject<never>(),
    subscribe(source, side) {
      return source.pipe(op.build(side)).subscribe({
        next(output) {
          const n = op.about(output)
          if (n !== undefined) heard.push(n)
        },
        error: (error) => heard.push(rootOf(error)),
        complete: () => heard.push('complete'),
      })
    },
  }
  const surfaced = await surfacedDuring(() => play(leaky))
  return { heard, surfaced, open: leaks.open }
}

function passesOnWhatIsThrown<In, Out>(
  op: Lawful<In, Out>,
  build: (error: unknown) => OperatorFunction<In, Out>,
): void {
  const { source } = counters()
  const result = source.count(concat(values(op, 2), NEVER)).pipe(build(theError))
  const seen = watch(op, result)
  expect(seen).toMatchObject({ values: [], end: 'error' })
  expect(rootOf(seen.error)).toBe(theError)
  expect([source.opened, source.open]).toEqual([1, 0])
}

const boom = (): Error => theError

/** The library may put an error of a user's function into one of its own, as the cause. */
function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootOf(error.cause) : error
}

function values<In, Out>(op: Lawful<In, Out>, count: number): Observable<In> {
  return range(1, count).pipe(map(op.value))
}

function isAscending(ns: readonly number[]): boolean {
  return ns.every((n, i) => i === 0 || n > ns[i - 1]!)
}

const asIs: Side = (input) => input

interface Seen {
  values: number[]
  end: 'none' | 'complete' | 'error'
  error: unknown
  /** how much of what the operator was given was still subscribed when it ended */
  openAtEnd: number
  subscription: Subscription
}

function watch<In, Out>(
  op: Lawful<In, Out>,
  result: Observable<Out>,
  sides?: Counter,
  inside?: (n: number) => void,
): Seen {
  const seen: Omit<Seen, 'subscription'> = { values: [], end: 'none', error: undefined, openAtEnd: 0 }
  function ended(end: 'complete' | 'error', error?: unknown): void {
    Object.assign(seen, { end, error, openAtEnd: sides?.open })
  }
  const subscription = result.subscribe({
    next(output) {
      const n = op.about(output)
      if (n === undefined) return
      seen.values.push(n)
      inside?.(n)
    },
    error: (error) => ended('error', error),
    complete: () => ended('complete'),
  })
  return Object.assign(seen, { subscription })
}

/** A source that the law drives. */
function pushed<In, Out>(op: Lawful<In, Out>): { values$: Subject<In>; push: (n: number) => void } {
  const values$ = new Subject<In>()
  return { values$, push: (n) => values$.next(op.value(n)) }
}

interface Counter {
  opened: number
  closed: number
  readonly open: number
  count<V>(input: ObservableInput<V>): Observable<V>
  stall<V>(input: ObservableInput<V>): Observable<V>
}

/** Counts who is subscribed. */
function counter(): Counter {
  const self: Counter = {
    opened: 0,
    closed: 0,
    get open() {
      return self.opened - self.closed
    },
    count: (input) =>
      new Observable((subscriber) => {
        self.opened++
        subscriber.add(() => {
          self.closed++
        })
        from(input).subscribe(subscriber)
      }),
    stall: () => self.count(NEVER),
  }
  return self
}

function counters(): { source: Counter; sides: Counter } {
  return { source: counter(), sides: counter() }
}

/** Everything waits until `go()`, and nothing after it. */
function stalledUntil(): { side: Side; go: () => void } {
  const go$ = new Subject<never>()
  return { side: (input) => concat(go$, from(input)), go: () => go$.complete() }
}

/** Every kind of ObservableInput, of values that are there at once. */
function kinds(): Record<string, <V>(values: V[]) => ObservableInput<V>> {
  return {
    'an Observable': (values) => from(values),
    'a promise': (values) => Promise.resolve(values.at(-1)!),
    'an array': (values) => values,
    'an iterable': (values) => new Set(values),
    'an async iterable': async function* (values) {
      yield* values
    },
    'a stream': <V>(values: V[]) =>
      new ReadableStream<V>({
        start(controller) {
          for (const value of values) controller.enqueue(value)
          controller.close()
        },
      }),
    'an Observable of another library': <V>(values: V[]) =>
      ({ [Symbol.observable ?? '@@observable']: () => from(values) }) as unknown as Observable<V>,
  }
}

function valuesOf<V>(input: ObservableInput<V>): V[] {
  const values: V[] = []
  from(input).subscribe((value) => values.push(value))
  return values
}

/** For an operator that is `tap` and `finalize` and no more: it ends in the order of RxJS's own. */
export const endsAsRxjs: Readonly<Record<string, string>> = {
  [tornDown('completes')]: 'it is made of tap and finalize, which hold nothing that could stand in the way',
  [tornDown('fails')]: 'likewise',
  [leakyLaw('a source that fails')]:
    'finalize is torn down by the consumer, which passes what a teardown throws to its own caller',
}
