import type { TimerRows } from '../timers/timer-rows.ts'
import type { Confirmation } from '../vocabulary/check-names.ts'
import type { ObjectStorage } from './object-storage.ts'

/** The object's one alarm, which stands at the earliest of its timers. */
export interface ObjectAlarm {
  /** Puts it there, in the turn that has changed them; resolves when the storage takes more. */
  arm(options?: Confirmation): Promise<void>
  /** Not before then, though timers are due. */
  rest(ms: number): Promise<void>
  /** The alarm of this time is being delivered. */
  delivered(time: number): void
  /** Where another stands than the timers need, as a backup was restored or the class has set one itself, it is put right. */
  compare(isFree: () => boolean): void
}

export function objectAlarm(
  storage: ObjectStorage,
  rows: Pick<TimerRows, 'earliest'>,
  now: () => number,
): ObjectAlarm {
  let last = 0

  // Set in its handler to the very time that is delivered, in that millisecond, an alarm can be lost (cloudflare/workerd#6866).
  const soonest = (): number => Math.max(now(), last) + 1

  function arm(options?: Confirmation): Promise<void> {
    const due = rows.earliest()
    return due === null ? storage.deleteAlarm(options) : storage.setAlarm(Math.max(due, soonest()), options)
  }

  async function compareNow(isFree: () => boolean): Promise<void> {
    if (rows.earliest() === null) return
    const alarm = await storage.getAlarm()
    const due = rows.earliest()
    if (due === null || !isFree()) return
    if (alarm === null || alarm > Math.max(due, soonest())) await arm()
  }

  return {
    arm,
    rest: (ms) => storage.setAlarm(soonest() + ms),
    delivered(time) {
      last = Math.max(last, time)
    },
    compare: (isFree) => void compareNow(isFree).catch(() => {}), // the object is broken then, and is opened again
  }
}
