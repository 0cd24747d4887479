import { keptError } from '../../ledger/kept-error.ts'
import { isExhausted } from '../../ledger/redelivery.ts'
import type { LastError } from '../../vocabulary/listed-alarm.ts'
import { backedOff, newTimer, type TimerRow } from '../timer.ts'
import type { Begun, TimerFailure, TimerRules } from '../timer-rules.ts'
import { newSeries, noted, type Occurrence, type Series, type SeriesPlan } from './series.ts'
import { lastUntil, nextOutside, type TimesOf } from './series-times.ts'

type InSeries = TimerRow & { readonly series: Series }

const MINUTE = 60_000
const KEPT = 100 // spans

/** The rules of timers in rows: what has no retry left is kept as failed, and some come again. */
export function rowRules(timesOf: TimesOf): TimerRules {
  /** It is due: what was missed since is judged once, when the handler is to be called for the first time. */
  function beginSeries(timer: InSeries, now: number): Begun {
    const { series, counted, uncounted } = timer
    if (counted + uncounted > 0) return { runs: true, timer }
    const time = series.queued ? timer.time : firstToRun(timer, now)
    const missed = time === timer.time ? series : noted(series, unrun(timer.time, 'missed'))
    if (time === null) return { runs: false, timer: next(timer, missed, now) }
    return { runs: true, timer: { ...timer, time, series: { ...missed, began: now } } }
  }

  function firstToRun({ name, time, series }: InSeries, now: number): number | null {
    const { catchUp, window = catchUp === 'none' ? MINUTE : Infinity, jitter } = series.plan
    const times = timesOf(series)
    if (catchUp !== 'all') {
      const last = lastUntil(times, time, now)
      return now - last - jitterOf(name, last, jitter) > window ? null : last
    }
    if (now - time <= window) return time
    const first = nextOutside(times, now - window - 1, series.skipped)
    return first !== null && first <= now ? first : null
  }

  /** The time at work is over: its next one, which is another timer. */
  function finish(
    begun: InSeries,
    standing: InSeries,
    now: number,
    serial: number,
    over: Occurrence,
  ): TimerRow | null {
    const { plan, began } = begun.series
    const times = timesOf(begun.series)
    const series = { ...noted(begun.series, over), paused: standing.series.paused }
    const again = { ...begun, payload: standing.payload, serial }
    const since = began ?? begun.time
    const during = times.after(since)
    const isNone = during === null || during > now
    const last = isNone || plan.overlap === 'skip' ? null : lastUntil(times, during, now)
    const left = isNone || during === last ? series : noted(series, unrun(during, 'skipped'))
    if (plan.catchUp === 'all') {
      const span = isNone || during === last ? [] : [[since, last === null ? now : last - 1] as const]
      const skipped = [...series.skipped, ...span].filter(([, until]) => until > begun.time).slice(-KEPT)
      const after = nextOutside(times, begun.time, skipped)
      return after === null ? null : due(again, after, { ...left, skipped, began: null, queued: false })
    }
    if (last === null) return next(again, left, now)
    return due(again, last, { ...left, began: null, queued: true })
  }

  function next(timer: TimerRow, series: Series, now: number): TimerRow | null {
    const time = timesOf(series).after(now)
    if (time === null) return null
    return due(timer, time, { ...series, skipped: [], began: null, queued: false })
  }

  function due(timer: TimerRow, time: number, series: Series): TimerRow {
    const { name, serial, payload } = timer
    const at = time + jitterOf(name, time, series.plan.jitter)
    return {
      ...newTimer(name, time, serial),
      due: series.paused ? null : at,
      payload,
      series,
      lastError: null,
    }
  }

  return {
    begin: (timer, now) => (isInSeries(timer) ? beginSeries(timer, now) : { runs: true, timer }),
    succeeded(begun, standing, now, serial) {
      if (!isInSeries(begun) || !isInSeries(standing)) return null
      const error = isExhausted(begun) ? begun.lastError : null
      return finish(begun, standing, now, serial, ran(begun, now, error))
    },
    failed(begun, standing, { error, hasAbandon }: TimerFailure, now, serial) {
      const lastError = keptError(error, now, begun.lastError ?? null, (text) => text)
      const failed = { ...backedOff(begun, error, now), payload: standing.payload, lastError }
      if (isExhausted(failed) && !hasAbandon) return this.givenUp(withPause(failed, standing), now, serial)
      return withPause(failed, standing)
    },
    givenUp(timer, now, serial) {
      if (!isInSeries(timer)) return { ...timer, due: null }
      return finish(timer, timer, now, serial, ran(timer, now, timer.lastError))
    },
  }
}

/** The rules, and what begins and ends a series. */
export function firstOfSeries(
  name: string,
  serial: number,
  plan: SeriesPlan,
  now: number,
  timesOf: TimesOf,
): TimerRow | null {
  const series = newSeries(plan, plan.start ?? now)
  return resumed({ ...newTimer(name, 0, serial), series }, now, timesOf)
}

/** At its next time from now on, with no failures behind it. */
export function resumed(timer: TimerRow, now: number, timesOf: TimesOf): TimerRow | null {
  if (!isInSeries(timer)) return timer
  const series: Series = { ...timer.series, paused: false, skipped: [], began: null, queued: false }
  const time = timesOf(series).after(now)
  if (time === null) return null
  const due = time + jitterOf(timer.name, time, series.plan.jitter)
  return { ...timer, time, due, counted: 0, uncounted: 0, lastError: null, series }
}

export function isInSeries(timer: TimerRow): timer is InSeries {
  return timer.series !== undefined && timer.series !== null
}

function withPause(timer: TimerRow & { due: number }, standing: TimerRow): TimerRow {
  if (!isInSeries(timer) || !isInSeries(standing)) return timer
  const { paused } = standing.series
  return { ...timer, series: { ...timer.series, paused }, due: paused ? null : timer.due }
}

function unrun(time: number, outcome: 'missed' | 'skipped'): Occurrence {
  return { time, began: null, ended: null, outcome }
}

function ran({ time, series }: InSeries, ended: number, error: LastError | null | undefined): Occurrence {
  const { began } = series
  if (error === null || error === undefined) return { time, began, ended, outcome: 'done' }
  const { name, message } = error
  return { time, began, ended, outcome: 'failed', error: { name, message } }
}

/** The same for the same time of the same timer, so that a run can be repeated. */
function jitterOf(name: string, time: number, most = 0): number {
  let hash = 0x811c9dc5
  for (const letter of `${name} ${time}`)
    hash = Math.imul(hash ^ (letter.codePointAt(0) as number), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return Math.floor((((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32) * (most + 1))
}
