import { concat, from, Observable, type ObservableInput, observable, timer } from 'rxjs'
import type { VirtualClock } from '../../src/marbles/index.ts'

/** Errors of every shape that a user's function can end with. */
export const shapes: Record<string, () => unknown> = {
  error: () => new Error('on purpose'),
  list: () => Object.assign(new Error(), { message: ['quota exceeded'] }),
  number: () => Object.assign(new Error(), { message: 42 }),
  getter: () => Object.defineProperty(new Error('x'), 'message', { get: thrower('the message') }),
  code: () => Object.defineProperty(new Error('x'), 'code', { get: thrower('the code') }),
  counted: () => Object.defineProperty(new Error('x'), 'counted', { get: thrower('counted') }),
  retry: () => Object.defineProperty(new Error('x'), 'retry', { get: thrower('retry') }),
  proxy: () => new Proxy(new Error('x'), { get: thrower('the proxy'), getPrototypeOf: thrower('the proxy') }),
  revoked() {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  },
  string: () => 'refused',
  symbol: () => Symbol('refused'),
  null: () => null,
  undefined: () => undefined,
  bare: () => Object.create(null),
  text: () => ({ toString: thrower('toString'), message: { toString: thrower('toString') } }),
  frozen: () => Object.freeze(new Error('frozen')),
  function: () => () => {},
}

/** What a property throws that is merely looked at. */
export class OnPurpose extends Error {}

function thrower(what: string): () => never {
  return () => {
    throw new OnPurpose(`${what} throws`)
  }
}

/** How a function may misbehave with a value. `reach` does what it was called for, where it does. */
type Mode = (
  value: () => unknown,
  reach: () => Observable<unknown>,
  clock: VirtualClock,
) => ObservableInput<unknown>

const raise = (value: unknown): never => {
  throw value
}

export const modes: Record<string, Mode> = {
  throws: (value) => raise(value()),
  errors: (value) => new Observable((subscriber) => subscriber.error(value())),
  rejects: async (value) => raise(value()),
  later: (value, _, clock) =>
    new Observable((subscriber) => timer(5, clock).subscribe(() => subscriber.error(value()))),
  /** it is done, and its teardown throws */
  spits: (value, reach) =>
    new Observable((subscriber) => {
      reach().subscribe(subscriber)
      return () => raise(value())
    }),
  spitsLater: (value, reach, clock) =>
    new Observable((subscriber) => {
      subscriber.add(timer(5, clock).subscribe(() => reach().subscribe(subscriber)))
      return () => raise(value())
    }),
  failsAndSpits: (value) =>
    new Observable((subscriber) => {
      subscriber.error(value())
      return () => raise(value())
    }),
  failsAndSpitsLater: (value, _, clock) =>
    new Observable((subscriber) => {
      subscriber.add(timer(5, clock).subscribe(() => subscriber.error(value())))
      return () => raise(value())
    }),
  /** it is no ObservableInput */
  junk(value, reach) {
    const junk = value()
    return typeof junk === 'string' ? concat(reach(), junk) : (junk as never) // a string is one, of its letters
  },
  thenGetter: (value) => Object.defineProperty({}, 'then', { get: () => raise(value()) }) as never,
  thenThrows: (value) => ({
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tried
    then: () => raise(value()),
  }),
  /** done, and then it throws nevertheless */
  thenBoth: (value, reach) =>
    ({
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tried
      then(done: (value: undefined) => void, failed: (error: unknown) => void) {
        const answer = (): void => {
          done(undefined)
          done(undefined)
        }
        reach().subscribe({ error: failed, complete: answer })
        return raise(value())
      },
    }) as never,
  iterator: (value) => ({ [Symbol.iterator]: () => raise(value()) }) as never,
  /** it errors twice, and goes on */
  twice: (value) =>
    ({
      [observable]: () => ({
        subscribe(observer: { error(error: unknown): void; complete(): void; next(value: unknown): void }) {
          observer.error(value())
          observer.error(value())
          observer.complete()
          observer.next(1)
        },
      }),
    }) as never,
  overflow: () => {
    const deeper = (): number => 1 + deeper()
    return from([deeper()])
  },
}
