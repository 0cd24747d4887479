import { openAlarm } from 'nolater'
import type { Keeper } from '../outside-world.ts'

/** This library. */
export const noLater: Keeper = ({ commit, write, clock, initial }) => {
  const alarm = openAlarm({
    initial,
    commit,
    write, // without its fence, so that all have the same manager
    retry: { delay: () => 10 },
    reconcile: false, // nothing was lost before
    scheduler: clock,
  })
  return (time) => (time === null ? alarm.delete() : alarm.set(time))
}
