import { keepAlarm, openAlarm, setAlarm } from 'nolater'
import { EMPTY, NEVER, Subject } from 'rxjs'
import { type Scenario, someTime } from '../scenario.ts'

const ACTORS = 100

/** A manager that takes every write and never answers: the first later move is in flight for ever, an earlier one is held behind it. */
export const silentManager: Scenario = {
  name: 'manager never answers',
  what: 'intents',
  rate: 100_000,
  open() {
    let writes = 0
    let told = 0
    const config = {
      commit: () => EMPTY,
      write() {
        writes++
        return NEVER
      },
    }
    const asks = Array.from({ length: ACTORS }, (_, i) => {
      if (i % 2 === 0) {
        const alarm = openAlarm({ key: `${i}`, ...config })
        return (time: number) => alarm.set(time)
      }
      const intents$ = new Subject<ReturnType<typeof setAlarm>>()
      intents$.pipe(keepAlarm({ key: `${i}`, ...config })).subscribe(() => told++)
      return (time: number) => intents$.next(setAlarm(time))
    })
    return {
      issue(count, from) {
        const now = Date.now()
        for (let n = from; n < from + count; n++) asks[n % ACTORS]!(someTime(now, n))
      },
      result: () => ({
        says: `${writes} writes in flight, ${told.toLocaleString('en-US')} events`,
        fault: writes === ACTORS ? null : `${writes} writes for ${ACTORS} actors`,
      }),
    }
  },
}
