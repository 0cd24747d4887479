import { type MonoTypeOperatorFunction, Observable, Subscription } from 'rxjs'
import { listen } from './listen.ts'

/** What values may have to wait for. */
export interface Marks<M> {
  /** what a value that comes now waits for; `null` for nothing */
  current(): M | null
  isOver(mark: M): boolean
  /** `release` is called when this one is over, or more often; the same one may be given again */
  hear(mark: M, release: () => void): unknown
  forget(release: () => void): unknown
}

/** Holds each value until what it came behind is over; order is kept. */
export function holdBehind<T, M>(marks: Marks<M>): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) => {
      const inputs = new Subscription()
      let held: { readonly value: T; readonly behind: M | null }[] = []
      let left = 0 // how many of them have left: to take the first of 100,000 must not move all the others
      let isReleasing = false
      let hasEnded = false
      const mayLeave = (behind: M | null): boolean => behind === null || marks.isOver(behind)

      function release(): void {
        if (isReleasing) return // what a value causes queues behind it
        isReleasing = true
        for (let next = held[left]; next !== undefined && mayLeave(next.behind); next = held[left]) {
          subscriber.next(next.value)
          left++
        }
        isReleasing = false
        if (left > held.length / 2) {
          held = held.slice(left) // a gate that is never empty must not keep all that has ever left
          left = 0
        }
        if (held.length === 0 && hasEnded) complete()
      }

      // The inputs end first: whoever hears the end may subscribe again at once.
      function complete(): void {
        inputs.unsubscribe()
        subscriber.complete()
      }

      subscriber.add(inputs)
      inputs.add(() => void marks.forget(release))
      listen(source, inputs, {
        next(value) {
          const behind = marks.current()
          if (behind === null && held.length === 0) return subscriber.next(value)
          held.push({ value, behind })
          if (behind !== null) marks.hear(behind, release)
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
