import { from, type MonoTypeOperatorFunction, type ObservableInput } from 'rxjs'
import { AlarmError } from '../vocabulary/errors.ts'
import { hold } from './hold.ts'
import { listen } from './listen.ts'

/** What `gate` and `latestWhen` have in common: values wait for a signal. They differ in what they keep while it is closed. */
export function holdUntil<T>(
  open$: ObservableInput<boolean>,
  keep: 'all' | 'newest',
): MonoTypeOperatorFunction<T> {
  return hold(({ release, fail, inputs }) => {
    let open = false
    let ended = false
    listen(from(open$), inputs, {
      next(state) {
        open = state
        release()
      },
      error: fail,
      complete() {
        ended = true
        release()
      },
    })
    return {
      mark: () => null,
      isOpen: () => open,
      wait() {
        if (ended) fail(shutForGood())
      },
    }
  }, keep)
}

function shutForGood(): AlarmError {
  return new AlarmError(
    'ALARM_CONFIG_INVALID',
    'A signal must say true before it completes, or not complete, while values wait for it; given one that completed on ' +
      'false. They can never leave now: let the signal go on for as long as the source.',
  )
}
