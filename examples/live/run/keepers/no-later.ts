import { type AlarmEvent, openAlarm } from 'nolater'
import { startWith } from 'rxjs'
import type { Keeper } from '../keeper.ts'

/** This library. */
export const noLater: Keeper = ({ key, clock, initial, epoch, commit, write }) => {
  // Nobody hears the one write that an opening alarm issues: there is no alarm yet whose events could be heard.
  const unheard: AlarmEvent[] = []
  let isOpen = false
  const alarm = openAlarm({
    key,
    initial,
    epoch,
    commit,
    write(time, info) {
      if (!isOpen) unheard.push({ at: clock.now(), kind: 'write-issued', time, ...info })
      return write(time, info)
    },
    retry: { delay: (attempt) => 200 * 2 ** attempt },
    scheduler: clock,
  })
  isOpen = true
  return {
    ask: (time) => (time === null ? alarm.delete() : alarm.set(time)),
    deliver: (delivery, handler) => alarm.deliver(delivery, handler),
    events$: alarm.events$.pipe(startWith(...unheard)),
  }
}
