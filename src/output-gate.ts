import { type MonoTypeOperatorFunction, noop, Observable, Subscription } from 'rxjs'
import type { Keeper } from './keeper.ts'
import { listen } from './operators/listen.ts'

/**
 * Holds each value until every confirmed intent that came before it is durable; order is kept.
 *
 * A value waits for its own commit only: intents that come after it never hold it longer. `current` is asked at each value; an actor
 * that nobody keeps now has nothing that is not durable, and one with a value at its gate is kept.
 */
export function holdUntilConfirmed<T>(current: () => Keeper | null): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) => {
      const inputs = new Subscription()
      let held: { readonly value: T; readonly needs: number }[] = []
      let left = 0 // how many of them have left: to take the first of 100,000 must not move all the others
      let ended = false
      let keeper: Keeper | null = null
      const isDurable = (needs: number): boolean => needs <= (keeper?.work?.covered ?? needs)

      // The inputs end first: whoever hears the end may subscribe again at once.
      const fail = (error: unknown): void => {
        inputs.unsubscribe()
        subscriber.error(error)
      }
      const release = (): void => {
        for (let next = held[left]; next !== undefined && isDurable(next.needs); next = held[left]) {
          subscriber.next(next.value)
          left++ // only now: what the value causes must queue behind it
        }
        if (left < held.length) {
          if (left > held.length / 2) {
            held = held.slice(left) // a gate that is never empty must not keep all that has ever left
            left = 0
          }
          wait()
        } else {
          held = []
          left = 0
          if (ended) complete()
        }
      }
      const wait = (): void => {
        const { needs } = held[left]!
        listen(
          keeper!.when(() => isDurable(needs)),
          inputs,
          { next: release, error: fail, complete: noop },
        )
      }
      const complete = (): void => {
        inputs.unsubscribe()
        subscriber.complete()
      }

      subscriber.add(inputs)
      listen(source, inputs, {
        next(value) {
          if (held.length === 0) keeper = current()
          const needs = keeper?.work?.gated ?? 0
          if (keeper !== null && keeper.failure !== null) {
            fail(keeper.failure)
          } else if (held.length === 0 && isDurable(needs)) {
            subscriber.next(value)
          } else {
            held.push({ value, needs })
            if (held.length === 1) wait()
          }
        },
        error: fail,
        complete() {
          ended = true
          if (held.length === 0) complete()
        },
      })
    })
}
