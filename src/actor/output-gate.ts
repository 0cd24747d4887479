import { type MonoTypeOperatorFunction, noop } from 'rxjs'
import { hold } from '../operators/hold.ts'
import { listen } from '../operators/listen.ts'
import { markReached } from '../operators/reached.ts'
import type { Keeper } from './keeper.ts'
import { isDurable, isOpen } from './waiting.ts'

/**
 * Holds each value until every confirmed intent that came before it is durable; order is kept.
 *
 * A value waits for its own commit only: intents that come after it never hold it longer. `current` is asked at each value; an actor
 * that nothing keeps now has nothing that is not durable, and one with a value at its gate is kept.
 */
export function holdUntilConfirmed<T>(current: () => Keeper | null): MonoTypeOperatorFunction<T> {
  return hold<T, number>(({ release, fail, inputs }) => {
    let keeper: Keeper | null = null
    let waiting = false
    return {
      mark() {
        keeper = current()
        if (keeper !== null && keeper.failure !== null) {
          markReached(keeper.failure)
          fail(keeper.failure)
        }
        return keeper?.work?.gated ?? 0
      },
      isOpen: (needs) => keeper === null || isDurable(keeper, needs),
      wait(needs) {
        if (waiting || keeper === null) return
        waiting = true
        const durable$ = keeper.when(isOpen, () => needs)
        listen(durable$, inputs, {
          next: noop,
          error: fail,
          complete() {
            waiting = false
            release()
          },
        })
      },
    }
  })
}
