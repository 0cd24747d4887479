import type { Times } from './cron-times.ts'
import type { Series } from './series.ts'

/** Finds the times of a series. */
export type TimesOf = (series: Pick<Series, 'plan' | 'anchor'>) => Times

/** Reads a cron expression, by the clocks of a zone. */
export type CronReader = (expression: string, timeZone: string) => Times

export function timesBy(cron: CronReader): TimesOf {
  return ({ plan, anchor }) => {
    const { cron: expression, interval = 0, timeZone = 'UTC' } = plan
    const times = expression === undefined ? intervals(anchor, interval) : cron(expression, timeZone)
    return between(times, plan.start ?? 0, plan.end ?? Number.MAX_SAFE_INTEGER)
  }
}

function intervals(anchor: number, interval: number): Times {
  return { after: (time) => anchor + (Math.floor((time - anchor) / interval) + 1) * interval }
}

function between(times: Times, start: number, end: number): Times {
  return {
    after(time) {
      const next = times.after(Math.max(time, start - 1))
      return next === null || next > end ? null : next
    },
  }
}

/** The last time until `to`; `from` is one that is. */
export function lastUntil(times: Times, from: number, to: number): number {
  let last = from
  for (let span = 60_000; ; span *= 2) {
    const since = Math.max(from, to - span)
    let next = times.after(since)
    if ((next === null || next > to) && since > from) continue
    for (; next !== null && next <= to; next = times.after(next)) last = next
    return last
  }
}

/** The first time after this one that is in none of these spans. */
export function nextOutside(times: Times, time: number, spans: Series['skipped']): number | null {
  let next = times.after(time)
  for (const [after, until] of spans) {
    if (next === null || next <= after) break
    if (next <= until) next = times.after(until)
  }
  return next
}
