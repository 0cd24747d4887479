import type { ListedAlarm } from '../../vocabulary/listed-alarm.ts'
import type { ManagerStats } from '../../vocabulary/manager-stats.ts'
import { leaseHolder } from '../lease-holder.ts'
import { dueOf, isPutOff } from '../listed-times.ts'
import { duration, fromNow, instant } from '../times.ts'
import { fitted, printable } from './terminal.ts'

const [STATE, DUE, FAILURES] = [11, 12, 5]
const [NARROW, WIDE] = [50, 160] // columns: less than the first has no place for a key

type Line = (cells: readonly string[]) => string

/** A table of alarms, as wide as the terminal; where there is none (`null`) nothing is cut, and tabs are between the columns. */
export function alarmTable(
  columns: number | null,
  now: number,
): { readonly head: string; row(alarm: ListedAlarm): string } {
  const line = columns === null ? tabbed : fittedInto(columns)
  return {
    head: line(['KEY', 'STATE', 'DUE', 'FAILS', 'LAST ERROR']),
    row: (alarm) =>
      line([
        printable(alarm.key),
        alarm.paused && alarm.state === 'due' ? 'paused' : alarm.state,
        fromNow(dueOf(alarm), now),
        `${alarm.failures}`,
        errorLine(alarm),
      ]),
  }
}

const tabbed: Line = (cells) => `${cells.join('\t')}\n`

function fittedInto(columns: number): Line {
  const left = Math.min(Math.max(NARROW, columns), WIDE) - STATE - DUE - FAILURES - 4
  const widths = [Math.ceil(left / 2), STATE, DUE, FAILURES, Math.floor(left / 2)]
  return (cells) =>
    `${cells
      .map((text, i) => fitted(text, widths[i] as number))
      .join(' ')
      .trimEnd()}\n`
}

function errorLine({ lastError }: ListedAlarm): string {
  return lastError === null ? '' : printable(`${lastError.name}: ${lastError.message}`)
}

/** Everything that is known of one alarm; `stats` where it is being delivered: they say by which process. */
export function alarmSheet(alarm: ListedAlarm, now: number, stats: ManagerStats | null): string {
  const { key, time, state, fence, failures, lastError, lease, paused } = alarm
  const rows: (readonly [string, string])[] = [
    ['key', printable(key)],
    ['set to', `${instant(time)}, ${fromNow(time, now)}`],
    ['state', meaning(alarm, now)],
    ['fence', `${fence}`],
    ['failures', `${failures}`],
  ]
  const next = `${instant(dueOf(alarm))}, ${fromNow(dueOf(alarm), now)}`
  if (isPutOff(alarm)) rows.splice(2, 0, ['rescheduled to', next])
  if (state === 'backing-off') rows.splice(2, 0, ['delivered again', next])
  if (paused) rows.push(['paused', 'until it is resumed: nolater resume'])
  if (lease !== null) {
    const holder = stats === null ? lease.holder : leaseHolder(lease, stats)
    rows.push(
      ['held by', printable(holder)],
      [
        'until',
        `${instant(lease.until)}, ${fromNow(lease.until, now)}; then it is delivered again, unless it is answered`,
      ],
    )
  }
  if (lastError !== null) {
    rows.push(
      ['last error', errorLine(alarm)],
      ['', `${instant(lastError.at)}, ${fromNow(lastError.at, now)}`],
    )
    if (lastError.since !== undefined)
      rows.push(['failing since', `${instant(lastError.since)}, ${fromNow(lastError.since, now)}`])
    for (const line of (lastError.stack ?? '').split('\n')) if (line !== '') rows.push(['', printable(line)])
  }
  if (state === 'failed') rows.push(['to repair', 'nolater retry, reschedule or discard'])
  return rows.map(([name, text]) => `${name.padEnd(16)}${text}\n`).join('')
}

function meaning({ state, due, paused }: ListedAlarm, now: number): string {
  if (state === 'due')
    return `due for ${duration(now - (due as number))}, ${paused ? 'and paused' : 'and not taken'}`
  if (state === 'failed') return 'failed: given up, delivered no more'
  return state
}
