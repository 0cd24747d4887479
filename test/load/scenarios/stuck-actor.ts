import { memoryManager, openAlarm } from 'nolater'
import { EMPTY, NEVER } from 'rxjs'
import { type Scenario, someTime } from '../scenario.ts'

const ACTORS = 10

/** Actors are asked on and on while their handlers run, and these never end. */
export const stuckActor: Scenario = {
  name: 'asked while its handler never ends',
  what: 'intents',
  rate: 100_000,
  open() {
    const manager = memoryManager({ lease: 86_400_000 })
    let commits = 0
    let begun = 0
    const alarms = Array.from({ length: ACTORS }, (_, i) =>
      openAlarm({
        key: `${i}`,
        commit() {
          commits++
          return EMPTY
        },
        write: (time, info) => manager.write(`${i}`, time, info),
      }),
    )
    const handler = () => {
      begun++
      return NEVER
    }
    const deliveries = manager
      .deliveries((delivery) => alarms[Number(delivery.key)]!.deliver(delivery, handler))
      .subscribe()
    for (const alarm of alarms) alarm.set(Date.now())
    return {
      issue(count, from) {
        if (begun < ACTORS) return // asked for another time now, no handler would begin
        const now = Date.now()
        for (let n = from; n < from + count; n++) alarms[n % ACTORS]!.set(someTime(now, n))
      },
      result() {
        deliveries.unsubscribe()
        return {
          says: `${commits.toLocaleString('en-US')} commits, ${begun} handlers at work`,
          fault: begun === ACTORS ? null : `${begun} handlers began, not ${ACTORS}`,
        }
      },
    }
  },
}
