import { checkNames, type Names } from '../vocabulary/check-names.ts'
import { configError } from '../vocabulary/error-of.ts'
import type { DueSpan } from '../vocabulary/manager-stats.ts'
import { checkTime } from '../vocabulary/time.ts'

const MOST = 1_000
const names: Names<DueSpan> = { from: true, until: true, parts: true }

/** Where the parts of a time begin, and where the last one ends. Throws `ALARM_CONFIG_INVALID` and `ALARM_TIME_INVALID`. */
export function edgesOf(span: DueSpan): readonly number[] {
  if (typeof span !== 'object' || span === null) throw configError('What is counted', 'an object', span)
  checkNames('countDue', span, names)
  const { parts } = span
  const [from, until] = [checkTime(span.from), checkTime(span.until)]
  if (until <= from) throw configError('until', 'a time after from', until)
  if (!Number.isSafeInteger(parts) || parts < 1 || parts > MOST) {
    throw configError('parts', `a whole number from 1 to ${MOST}`, parts)
  }
  return Array.from({ length: parts + 1 }, (_, part) => from + Math.ceil(((until - from) / parts) * part))
}
