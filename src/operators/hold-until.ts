import { from, type MonoTypeOperatorFunction, Observable, type ObservableInput, Subscription } from 'rxjs'
import { AlarmError } from '../errors.ts'
import { listen } from './listen.ts'

interface Held<T> {
  readonly value: T
  next: Held<T> | null
}

/** What `gate` and `latestWhen` have in common: they differ in what they keep while the signal is closed. */
export function holdUntil<T>(
  open$: ObservableInput<boolean>,
  keep: 'all' | 'newest',
): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) => {
      const inputs = new Subscription()
      let open = false
      let signalEnded = false
      let sourceEnded = false
      let releasing = false
      // A list and not an array: to take the first of 100,000 must not move all the others.
      let first: Held<T> | null = null
      let last: Held<T> | null = null

      function hold(value: T): void {
        const held = { value, next: null }
        if (keep === 'all' && last) last.next = held
        else first = held
        last = held
      }

      // The one loop: whatever a released value brings about comes back to it, not into it.
      function release(): void {
        if (releasing) return
        releasing = true
        while (open && first) {
          const { value } = first
          first = first.next
          if (!first) last = null
          subscriber.next(value)
        }
        releasing = false
        if (first && signalEnded) fail(shutForGood())
        if (!first && sourceEnded) complete()
      }

      // The inputs end first: whoever hears the end may subscribe again at once.
      function fail(error: unknown): void {
        inputs.unsubscribe()
        subscriber.error(error)
      }

      function complete(): void {
        inputs.unsubscribe()
        subscriber.complete()
      }

      subscriber.add(inputs)
      listen(from(open$), inputs, {
        next(state) {
          open = state
          release()
        },
        error: fail,
        complete() {
          signalEnded = true
          release()
        },
      })
      listen(source, inputs, {
        next(value) {
          hold(value)
          release()
        },
        error: fail,
        complete() {
          sourceEnded = true
          release()
        },
      })
    })
}

function shutForGood(): AlarmError {
  return new AlarmError(
    'ALARM_CONFIG_INVALID',
    'A signal must say true before it completes, or not complete, while values wait for it; given one that completed on ' +
      'false. They can never leave now: let the signal go on for as long as the source.',
  )
}
