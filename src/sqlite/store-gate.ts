import type { MonoTypeOperatorFunction } from 'rxjs'
import { hold } from '../operators/hold.ts'
import type { Turn, Turns } from './store-turn.ts'

/**
 * Holds each value that arrives in a turn with confirmed writes until that turn has reached the engine; order is kept.
 *
 * The engine's own gate goes on from there: before, it does not know what the value may depend on.
 */
export function holdUntilNotified<T>(turns: Turns): MonoTypeOperatorFunction<T> {
  return hold<T, Turn | null>(({ release }) => ({
    mark: () => (turns.current?.isConfirmed ? turns.current : null),
    isOpen: (turn) => turn === null || turn.isNotified,
    wait: (turn) => turn?.notified.add(release), // dropped with the turn
  }))
}
