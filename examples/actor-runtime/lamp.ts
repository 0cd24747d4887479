import type { ActorStore } from 'nolater/sqlite'
import { of } from 'rxjs'
import type { Behaviour } from './runtime.ts'

export interface Lamp {
  readonly isLit: boolean
  readonly presses: number
}

/** The lamp of a staircase: each press keeps it lit for `lit` ms more, then it goes out by itself. */
export const lamp =
  (lit: number) =>
  (store: ActorStore): Behaviour<'press' | 'look', Lamp> => {
    const look = (): Lamp => store.get<Lamp>('lamp') ?? { isLit: false, presses: 0 }
    return {
      receive(message) {
        if (message === 'press') {
          store.put('lamp', { isLit: true, presses: look().presses + 1 })
          store.alarm.setIn(lit) // the same turn: one commit for both
        }
        return of(look())
      },
      wake() {
        if (store.alarm.time !== null) return of(look()) // pressed again just as it went off
        store.put('lamp', { ...look(), isLit: false })
        return of(look())
      },
    }
  }
