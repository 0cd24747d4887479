import { checkNames, type Names } from '../../vocabulary/check-names.ts'
import { configError } from '../../vocabulary/error-of.ts'
import { checkMilliseconds } from '../../vocabulary/milliseconds.ts'
import { checkTime } from '../../vocabulary/time.ts'
import type { SeriesPlan } from './series.ts'

/** When a timer comes again. Either `cron` or `interval`. */
export interface EveryOptions {
  /**
   * A cron expression as croner reads it (an optional peer dependency: `npm install croner`), 5 fields or 6 with seconds. A time that the clock
   * is set forward over is due at that moment, one that comes twice is due once; one for every hour goes by the hours that there are.
   */
  readonly cron?: string
  /** ms from one time to the next, counted from `start`, or from now */
  readonly interval?: number
  /** by whose clocks, an IANA name as `Europe/Berlin`; default UTC */
  readonly timeZone?: string
  /** no time is before it: ms since the epoch or a Date */
  readonly start?: number | Date
  /** nor after it: the timer is gone then */
  readonly end?: number | Date
  /** ms by which each is late at most, another one for each time */
  readonly jitter?: number
  /**
   * What is done about times that came due while nothing was delivered. `last` (the default): the last of them is handled. `all`: each, one after the
   * other. `none`: none that is a minute old.
   */
  readonly catchUp?: 'none' | 'last' | 'all'
  /** ms after which a time is too old to be caught up with; default no limit, a minute for `none` */
  readonly window?: number
  /** What is done about times that come due while the handler of one before is at work, its retries included: `skip` (the default) all, or `queue` the last. */
  readonly overlap?: 'skip' | 'queue'
  /** what its handler is given, every time */
  readonly payload?: unknown
  readonly allowUnconfirmed?: boolean
}

/** Reads a plan that a user gave, or throws `ALARM_CONFIG_INVALID` or `ALARM_TIME_INVALID` before anything has changed. */
export function checkPlan(options: EveryOptions): SeriesPlan {
  const { cron, interval, timeZone, start, end, jitter, window } = options ?? {}
  const { catchUp = 'last', overlap = 'skip' } = options ?? {}
  checkNames('every', options, names)
  if ((cron === undefined) === (interval === undefined)) {
    throw configError('every', '{ cron } or { interval }, one of the two', options)
  }
  if (interval !== undefined) checkMilliseconds('interval', interval)
  if (window !== undefined) checkMilliseconds('window', window)
  if (jitter !== undefined) checkMilliseconds('jitter', jitter)
  if (timeZone !== undefined) checkZone(timeZone)
  if (!['none', 'last', 'all'].includes(catchUp)) throw configError('catchUp', 'none, last or all', catchUp)
  if (!['skip', 'queue'].includes(overlap)) throw configError('overlap', 'skip or queue', overlap)
  return {
    ...(cron !== undefined && { cron }),
    ...(interval !== undefined && { interval }),
    ...(timeZone !== undefined && { timeZone }),
    ...(start !== undefined && { start: checkTime(start) }),
    ...(end !== undefined && { end: checkTime(end) }),
    ...(jitter !== undefined && { jitter }),
    ...(window !== undefined && { window }),
    catchUp,
    overlap,
  }
}

function checkZone(timeZone: string): void {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone })
  } catch {
    throw configError('timeZone', 'a time zone by its IANA name, as Europe/Berlin', timeZone)
  }
}

const names: Names<EveryOptions> = {
  cron: true,
  interval: true,
  timeZone: true,
  start: true,
  end: true,
  jitter: true,
  catchUp: true,
  window: true,
  overlap: true,
  payload: true,
  allowUnconfirmed: true,
}
