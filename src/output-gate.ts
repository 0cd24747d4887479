import { type MonoTypeOperatorFunction, Observable, type Subscription } from 'rxjs'
import type { Keeper } from './keeper.ts'

/**
 * Holds each value until every confirmed intent that came before it is durable; order is kept.
 *
 * A value waits for its own commit only: intents that come after it never hold it longer.
 */
export function holdUntilConfirmed<T>(keeper: Keeper): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) => {
      let held: { readonly value: T; readonly needs: number }[] = []
      let left = 0 // how many of them have left: to take the first of 100,000 must not move all the others
      let opening: Subscription | null = null
      let ended = false
      const isDurable = (needs: number): boolean => needs <= (keeper.work?.covered ?? needs)

      const release = (): void => {
        for (let next = held[left]; next !== undefined && isDurable(next.needs); next = held[left]) {
          subscriber.next(next.value)
          left++ // only now: what the value causes must queue behind it
        }
        if (left < held.length) {
          wait()
        } else {
          held = []
          left = 0
          if (ended) subscriber.complete()
        }
      }
      const wait = (): void => {
        const { needs } = held[left]!
        opening = keeper
          .when(() => isDurable(needs))
          .subscribe({ next: release, error: (error) => subscriber.error(error) })
      }

      subscriber.add(() => opening?.unsubscribe())
      subscriber.add(
        source.subscribe({
          next(value) {
            if (keeper.failure !== null) return subscriber.error(keeper.failure)
            const needs = keeper.work?.gated ?? 0
            if (held.length === 0 && isDurable(needs)) return subscriber.next(value)
            held.push({ value, needs })
            if (held.length === 1) wait()
          },
          error: (error) => subscriber.error(error),
          complete() {
            ended = true
            if (held.length === 0) subscriber.complete()
          },
        }),
      )
    })
}
