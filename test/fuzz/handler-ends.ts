import { EMPTY, Observable, type ObservableInput, throwError, timer } from 'rxjs'
import type { VirtualClock } from '../../src/marbles/index.ts'
import { modes, shapes } from '../world/misbehaviour.ts'

/** How handlers end, as the programme has it. */
export interface HandlerEnds {
  of(kind: string): ObservableInput<unknown>
  /** Those that hang end. */
  calm(): void
}

export function openHandlerEnds(clock: VirtualClock, thrown: Set<unknown>): HandlerEnds {
  const hanging = new Set<() => void>()
  return {
    of(kind) {
      const [word = '', shape = '', mode = ''] = kind.split(':')
      if (/^\d+$/.test(word)) return timer(Number(word), clock)
      switch (word) {
        case 'fail':
          return throwError(() => new Error('the handler fails'))
        case 'uncounted':
          return throwError(() => Object.assign(new Error('not the handler'), { counted: false }))
        case 'giveup':
          return throwError(() => Object.assign(new Error('no use'), { retry: false }))
        case 'hang':
          return new Observable((subscriber) => {
            const end = (): void => subscriber.complete()
            hanging.add(end)
            return () => hanging.delete(end)
          })
        case 'odd':
          return modes[mode]!(
            () => {
              const value = shapes[shape]!()
              thrown.add(value)
              return value
            },
            () => EMPTY,
            clock,
          )
        default:
          return EMPTY
      }
    },
    calm() {
      for (const end of [...hanging]) end()
    },
  }
}
