import { type MonoTypeOperatorFunction, Observable, Subscription } from 'rxjs'
import { listen } from '../operators/listen.ts'
import type { Turn, Turns } from './store-turn.ts'

/**
 * Holds each value that arrives in a turn with confirmed writes until the engine has been told of that turn; order is kept.
 *
 * The engine's own gate goes on from there: before, it does not know what the value may depend on.
 */
export function holdUntilTold<T>(turns: Turns): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) => {
      const inputs = new Subscription()
      let held: { readonly value: T; readonly turn: Turn | null }[] = []
      let left = 0 // how many of them have left: to take the first of 100,000 must not move all the others
      let isReleasing = false
      let hasEnded = false

      function release(): void {
        if (isReleasing) return // what a value causes queues behind it
        isReleasing = true
        for (let next = held[left]; next !== undefined && isTold(next.turn); next = held[left]) {
          subscriber.next(next.value)
          left++
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

      subscriber.add(inputs)
      listen(source, inputs, {
        next(value) {
          const turn = turns.current?.isConfirmed ? turns.current : null
          if (turn === null && held.length === 0) return subscriber.next(value)
          held.push({ value, turn })
          turn?.told.add(release)
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

const isTold = (turn: Turn | null): boolean => turn === null || turn.isTold
