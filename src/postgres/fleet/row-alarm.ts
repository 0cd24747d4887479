import type { AlarmRecord } from '../../actor/record/record.ts'
import { fenceOf } from '../../vocabulary/fence.ts'
import type { AlarmTime } from '../../vocabulary/time.ts'

/** An alarm as a commit brings it to the row that it is delivered from. */
export interface RowAlarm {
  readonly time: AlarmTime
  readonly fence: number
  /** where the row has an alarm of this very time under a lower fence, this is another one; else it is the one that was loaded */
  readonly isNew: boolean
}

/**
 * What a commit leaves in the row, where that is the store's and the manager's: the fence is the one that the manager would have by then, of the
 * write before the commit, or of the one after it. So the engine tells deliveries apart as it does with two copies, and its writes have nothing to do.
 */
export function rowAlarm(
  { bound, setBy, issued, fenceEpoch, spare }: AlarmRecord,
  time: AlarmTime,
): RowAlarm {
  const nth = time === bound ? setBy : issued + 1
  return { time, fence: fenceOf(fenceEpoch, nth, spare + 1), isNew: nth > 0 && time !== null }
}
