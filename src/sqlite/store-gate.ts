import type { MonoTypeOperatorFunction } from 'rxjs'
import { holdBehind } from '../operators/hold-behind.ts'
import type { Turns } from './store-turn.ts'

/**
 * Holds each value that arrives in a turn with confirmed writes until the engine has been told of that turn; order is kept.
 *
 * The engine's own gate goes on from there: before, it does not know what the value may depend on.
 */
export function holdUntilTold<T>(turns: Turns): MonoTypeOperatorFunction<T> {
  return holdBehind({
    current: () => (turns.current?.isConfirmed ? turns.current : null),
    isOver: (turn) => turn.isTold,
    hear: (turn, release) => turn.told.add(release),
    forget() {}, // a turn is forgotten with all that waits for it
  })
}
