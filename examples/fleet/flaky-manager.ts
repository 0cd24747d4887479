import type { AlarmManager } from 'nolater'
import { concat, defer, from, ignoreElements, type Observable, throwError, timer } from 'rxjs'

/** What a bad network does to one request. */
export type Weather =
  | 'fair'
  | 'slow to arrive'
  | 'slow to answer'
  | 'fails before'
  | 'fails after'
  | 'lands after it failed'

const WEATHER: readonly (readonly [Weather, number])[] = [
  ['slow to arrive', 0.08],
  ['slow to answer', 0.04],
  ['fails before', 0.02],
  ['fails after', 0.015],
  ['lands after it failed', 0.01],
]

/** A manager behind a bad network: its writes are slow now and then, or fail, and one that failed may have been applied, or be applied later. */
export function flakyManager(manager: AlarmManager, chance: () => number): AlarmManager {
  const delay = (): Observable<never> => timer(5 + chance() * 75).pipe(ignoreElements())
  const lost = (how: Weather): Observable<never> => throwError(() => new Error(`the network: ${how}`))

  function pick(): Weather {
    let left = chance()
    for (const [weather, share] of WEATHER) {
      left -= share
      if (left < 0) return weather
    }
    return 'fair'
  }

  return {
    deliveries: (handler, options) => manager.deliveries(handler, options),
    write: (key, time, info) =>
      defer(() => {
        const apply$ = defer(() => from(manager.write(key, time, info))).pipe(ignoreElements())
        const weather = pick()
        switch (weather) {
          case 'fair':
            return apply$
          case 'slow to arrive':
            return concat(delay(), apply$)
          case 'slow to answer':
            return concat(apply$, delay())
          case 'fails before':
            return lost(weather)
          case 'fails after':
            return concat(apply$, lost(weather))
          case 'lands after it failed':
            // Nobody waits for it any more, and nobody can take it back. By then a newer write may have been applied.
            concat(delay(), apply$).subscribe({ error() {} })
            return lost(weather)
        }
      }),
  }
}
