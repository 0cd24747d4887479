import type { ListedAlarm } from '../../vocabulary/listed-alarm.ts'
import type { ManagerStats } from '../../vocabulary/manager-stats.ts'
import { isSilent, leaseHolder } from '../lease-holder.ts'
import { dueOf, isPutOff } from '../listed-times.ts'
import { pausesOf, resumeCall } from '../scopes.ts'
import { duration, fromNow, instant } from '../times.ts'
import { digits, fitted, folded, printable } from './terminal.ts'

const [STATE, DUE, FAILURES] = [11, 12, 5]
const [NARROW, WIDE] = [50, 160] // columns: less than the first has no place for a key

type Line = (cells: readonly string[]) => string

/** A table of alarms, as wide as the terminal; where there is none (`null`) nothing is cut, and tabs are between the columns. */
export function alarmTable(
  columns: number | null,
  now: number,
): { readonly head: string; row(alarm: ListedAlarm, stats: ManagerStats | null): string } {
  const line = columns === null ? tabbed : fittedInto(columns)
  return {
    head: line(['KEY', 'STATE', 'DUE', 'FAILS', 'LAST ERROR']),
    row: (alarm, stats) =>
      line([
        printable(alarm.key),
        stateOf(alarm, stats),
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

/** Its state, or what an operator has to know of it first. */
function stateOf(alarm: ListedAlarm, stats: ManagerStats | null): string {
  if (isPutOff(alarm)) return 'rescheduled'
  if (alarm.lease !== null && stats !== null && isSilent(alarm.lease, stats)) return 'stuck'
  return alarm.paused && alarm.state === 'due' ? 'paused' : alarm.state
}

function errorLine({ lastError }: ListedAlarm): string {
  return lastError === null ? '' : printable(`${lastError.name}: ${lastError.message}`)
}

const NAME = 16 // columns of what a row is

/** Everything that is known of one alarm; `stats` say which process has its lease, and which pauses it is in. */
export function alarmSheet(
  alarm: ListedAlarm,
  now: number,
  stats: ManagerStats | null,
  columns: number | null,
): string {
  const { key, time, state, fence, failures, lastError, lease } = alarm
  const at = (time: number): string => `${instant(time)}, ${fromNow(time, now)}`
  const rows: (readonly [string, string])[] = [
    ['key', printable(key)],
    ['set to', at(time)],
    ['state', meaning(alarm, now)],
    ['fence', `${fence}`],
    ['failures', digits(failures)],
  ]
  if (isPutOff(alarm)) rows.splice(2, 0, ['rescheduled to', at(dueOf(alarm))])
  if (state === 'backing-off') rows.splice(2, 0, ['tried again', at(dueOf(alarm))])
  if (lease !== null) {
    const holder = stats === null ? lease.holder : leaseHolder(lease, stats)
    rows.push(
      ['held by', printable(holder)],
      ['until', `${at(lease.until)}; then it is delivered again, unless it is answered`],
    )
  }
  if (lastError !== null) {
    rows.push(['last error', errorLine(alarm)], ['', at(lastError.at)])
    for (const line of (lastError.stack ?? '').split('\n')) if (line !== '') rows.push(['', printable(line)])
    if (lastError.since !== undefined) rows.push(['failing since', at(lastError.since)])
  }
  for (const call of repairsOf(alarm, stats)) rows.push(['to repair', call])
  return rows
    .map(([name, text]) => `${name.padEnd(NAME)}${name === '' ? text : folded(text, columns, NAME)}\n`)
    .join('')
}

/** What an operator can do about it. */
function repairsOf(alarm: ListedAlarm, stats: ManagerStats | null): readonly string[] {
  const { key, state, lease, paused } = alarm
  if (state === 'failed') return ['nolater retry, reschedule or discard']
  if (isPutOff(alarm)) return ['nolater retry, or reschedule once more']
  if (lease !== null && stats !== null && isSilent(lease, stats))
    return ['nolater retry ends the lease of a process that is gone']
  if (!paused) return []
  return stats === null ? ['nolater resume'] : pausesOf(key, stats).map(resumeCall)
}

function meaning({ state, due, paused }: ListedAlarm, now: number): string {
  if (state === 'due')
    return `due for ${duration(now - (due as number))}, ${paused ? 'and paused' : 'and not taken'}`
  if (state === 'failed') return 'failed: given up, delivered no more'
  return paused ? `${state}, and paused` : state
}
