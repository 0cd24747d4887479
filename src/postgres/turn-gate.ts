import type { MonoTypeOperatorFunction } from 'rxjs'
import { hold } from '../operators/hold.ts'
import type { Turns } from './store-turns.ts'

/**
 * Holds each value until the engine was notified of every transaction that was asked for before it; order is kept.
 *
 * The engine's own gate goes on from there: before, it does not know what the value may depend on.
 */
export function holdUntilNotified<T>(turns: Turns): MonoTypeOperatorFunction<T> {
  return hold<T, number>(({ release, inputs }) => {
    inputs.add(() => turns.listeners.delete(release))
    return {
      mark: () => turns.asked,
      isOpen: (asked) => asked <= turns.notified,
      wait: () => turns.listeners.add(release),
    }
  })
}
