import type { MonoTypeOperatorFunction } from 'rxjs'
import { holdBehind } from '../operators/hold-behind.ts'
import type { Turns } from './store-turns.ts'

/**
 * Holds each value until the engine has heard of every transaction that was asked for before it; order is kept.
 *
 * The engine's own gate goes on from there: before, it does not know what the value may depend on.
 */
export function holdUntilTold<T>(turns: Turns): MonoTypeOperatorFunction<T> {
  return holdBehind({
    current: () => (turns.asked === turns.told ? null : turns.asked),
    isOver: (asked) => asked <= turns.told,
    hear: (_, release) => turns.listeners.add(release),
    forget: (release) => turns.listeners.delete(release),
  })
}
