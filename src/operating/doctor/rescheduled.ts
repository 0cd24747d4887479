import { instant } from '../times.ts'
import type { Finding } from './finding.ts'

/** An alarm that an operator put off. */
export interface Rescheduled {
  readonly key: string
  readonly time: number
  readonly due: number
}

/** Neither its store nor its manager finds it late: a slip of a year would hide it. */
export function rescheduled({ key, time, due }: Rescheduled): Finding {
  return {
    code: 'ALARM_RESCHEDULED',
    severity: 'notice',
    key,
    text: `set to ${instant(time)}, and rescheduled by an operator to ${instant(due)}`,
    advice: 'nothing; if that was a slip, retry it, or reschedule it once more',
    repair: null,
  }
}
