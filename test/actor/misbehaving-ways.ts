import { asapScheduler, Observable, type ObservableInput, of, scheduled } from 'rxjs'

// How a function of a user's may misbehave.

export const thrower = (): never => {
  throw new Error('on purpose')
}
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
/** By a computed name: what has a `then` is a thenable on purpose. */
const THEN = 'then'
const hostile = (): object =>
  new Proxy(new Error('hidden'), { get: thrower, has: thrower, getPrototypeOf: thrower, ownKeys: thrower })
const withGetter = (name: string): Error => Object.defineProperty(new Error('plain'), name, { get: thrower })

/** What may be thrown. */
const errors: Record<string, () => unknown> = {
  'an error whose message is a list': () => Object.assign(new Error(), { message: ['quota exceeded'] }),
  'an error whose message is a number': () => Object.assign(new Error(), { message: 429 }),
  'an error without a message': () => Object.assign(new Error(), { message: undefined }),
  'an error whose message throws': () => withGetter('message'),
  'an error whose name throws': () => withGetter('name'),
  'an error whose code throws': () => withGetter('code'),
  'an error whose counted throws': () => withGetter('counted'),
  'an error whose retry throws': () => withGetter('retry'),
  'an error whose held throws': () => Object.assign(withGetter('held'), { code: 'ALARM_OTHER' }),
  'an error whose toString throws': () => Object.assign(new Error('plain'), { toString: thrower }),
  'a frozen error': () => Object.freeze(new Error('frozen')),
  'an object without a prototype': () => Object.create(null),
  'a function': () => thrower,
  'a symbol': () => Symbol('odd'),
  'a bigint': () => 1n,
  null: () => null,
  undefined: () => undefined,
  'an empty string': () => '',
  'a Proxy that throws': hostile,
  'a Proxy that was revoked': revoked,
}

/** What may be returned. */
const returns: Record<string, () => unknown> = {
  undefined: () => undefined,
  null: () => null,
  'a number': () => 5,
  'a symbol': () => Symbol('odd'),
  'a Proxy that throws': hostile,
  'a Proxy that was revoked': revoked,
  'a thenable that throws': () => ({ [THEN]: thrower }),
  'a thenable that answers twice': () => ({
    [THEN](done: (value: unknown) => void, failed: (error: unknown) => void) {
      done(null)
      failed(new Error('twice'))
      done(null)
    },
  }),
  'a thenable whose then is no function': () => ({
    [THEN]: 5,
  }),
  'a promise whose then throws': () => Object.defineProperty(Promise.resolve(), THEN, { value: thrower }),
  'an Observable that throws': () => new Observable(thrower),
  'an Observable whose teardown throws': () =>
    new Observable((subscriber) => {
      subscriber.complete()
      return thrower
    }),
  'an Observable that fails, and whose teardown throws': () =>
    new Observable((subscriber) => {
      subscriber.error(new Error('on purpose'))
      return thrower
    }),
  'an Observable that goes on after its end': () =>
    new Observable((subscriber) => {
      subscriber.complete()
      subscriber.next(0)
      subscriber.error(new Error('after the end'))
    }),
  'an iterable that throws': () => ({ [Symbol.iterator]: thrower }),
  'an iterable whose next throws': () => ({ [Symbol.iterator]: () => ({ next: thrower }) }),
  'an iterable that throws when it is left': () => ({
    [Symbol.iterator]: () => ({ next: () => ({ done: true, value: 0 }), return: thrower }),
  }),
  'what throws when it is disposed of': () => ({
    [Symbol.dispose]: thrower,
    [Symbol.iterator]: () => [][Symbol.iterator](),
  }),
}

export type Call = () => ObservableInput<unknown>
const later =
  (call: Call): Call =>
  () =>
    scheduled(of(0), asapScheduler).pipe(
      (source) =>
        new Observable((subscriber) =>
          source.subscribe({
            complete() {
              try {
                const made = call() as Observable<unknown>
                if (made instanceof Observable) made.subscribe(subscriber)
                else subscriber.complete()
              } catch (error) {
                subscriber.error(error)
              }
            },
          }),
        ),
    )

/** All the ways, by name. */
export const ways: [string, Call][] = [
  ...Object.entries(errors).flatMap(([name, make]): [string, Call][] => {
    const throws: Call = () => {
      throw make()
    }
    return [
      [`throws ${name}`, throws],
      [`fails with ${name} at once`, () => new Observable((subscriber) => subscriber.error(make()))],
      [`fails with ${name} later`, later(throws)],
      [`rejects with ${name}`, () => Promise.reject(make())],
    ]
  }),
  ...Object.entries(returns).map(([name, make]): [string, Call] => [`returns ${name}`, make as Call]),
]
