import { type MonoTypeOperatorFunction, Observable, Subscription } from 'rxjs'
import { listen } from '../operators/listen.ts'
import type { Turns } from './store-turns.ts'

/**
 * Holds each value until the engine has heard of every transaction that was asked for before it; order is kept.
 *
 * The engine's own gate goes on from there: before, it does not know what the value may depend on.
 */
export function holdUntilTold<T>(turns: Turns): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) => {
      const inputs = new Subscription()
      let held: { readonly value: T; readonly needs: number }[] = []
      let left = 0 // how many of them have left: to take the first of 100,000 must not move all the others
      let isReleasing = false
      let hasEnded = false

      function release(): void {
        if (isReleasing) return // what a value causes queues behind it
        isReleasing = true
        for (let next = held[left]; next !== undefined && next.needs <= turns.told; next = held[left]) {
          left++
          subscriber.next(next.value)
        }
        isReleasing = false
        if (left < held.length) return
        held = []
        left = 0
        if (hasEnded) complete()
      }

      // The inputs end first: whoever hears the end may subscribe again at once.
      function complete(): void {
        inputs.unsubscribe()
        subscriber.complete()
      }

      turns.listeners.add(release)
      subscriber.add(inputs)
      inputs.add(() => turns.listeners.delete(release))
      listen(source, inputs, {
        next(value) {
          if (held.length === 0 && turns.asked === turns.told) return subscriber.next(value)
          held.push({ value, needs: turns.asked })
        },
        error(error) {
          inputs.unsubscribe()
          subscriber.error(error)
        },
        complete() {
          hasEnded = true
          if (held.length === 0) complete()
        },
      })
    })
}
