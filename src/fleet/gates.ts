import { Observable, type Subscriber } from 'rxjs'
import { markReached } from '../operators/reached.ts'
import { reportUncaught } from '../operators/report-uncaught.ts'

/** Gates that an alarm's failure must reach, though they wait for nothing now: by key, since there may be one for each actor. */
export interface Gates {
  has(key: string): boolean
  /** Errors with what breaks the alarm of this key next. */
  broken(key: string): Observable<never>
  /** Takes those that are there now; returns what fails them. One that is added by that has missed it. */
  take(key: string): (failure: unknown) => void
}

export function openGates(): Gates {
  const gates = new Map<string, Set<Subscriber<never>>>()

  return {
    has: (key) => gates.has(key),
    broken: (key) =>
      new Observable((gate) => {
        const all = gates.get(key) ?? new Set()
        gates.set(key, all.add(gate))
        gate.add(() => {
          all.delete(gate)
          if (all.size === 0 && gates.get(key) === all) gates.delete(key)
        })
      }),
    take(key) {
      const taken = gates.get(key) ?? []
      gates.delete(key)
      return (failure) => {
        for (const gate of taken) {
          markReached(failure)
          reportUncaught(() => gate.error(failure))
        }
      }
    },
  }
}
