import { isWithin } from '../ledger/pauses.ts'
import type { AlarmScope } from '../vocabulary/alarm-scope.ts'
import type { ManagerStats } from '../vocabulary/manager-stats.ts'
import { printable } from './command/terminal.ts'

/** The pauses that keep an alarm from being delivered. */
export function pausesOf(key: string, { paused }: Pick<ManagerStats, 'paused'>): readonly AlarmScope[] {
  return paused.filter((scope) => isWithin({ key }, scope))
}

/** What a pause is of. */
export function scopeText(scope: AlarmScope, inQuotes = quoted): string {
  if ('key' in scope) return `the key ${inQuotes(scope.key)}`
  const { prefix = '' } = scope
  return prefix === '' ? 'all' : `keys that begin with ${inQuotes(prefix)}`
}

/** How the command ends it. */
export function resumeCall(scope: AlarmScope): string {
  return `nolater resume TARGET ${which(scope)}`
}

function which(scope: AlarmScope): string {
  if ('key' in scope) return word(scope.key)
  const { prefix = '' } = scope
  return prefix === '' ? '--all' : `--prefix ${word(prefix)}`
}

/** A key among other words. */
export function quoted(key: string): string {
  return `"${printable(key)}"`
}

/** As a shell takes it, where it has nothing that a terminal would follow. */
function word(text: string): string {
  return /^[\w:./@%+=,][\w:./@%+=,-]*$/.test(text) ? text : `'${printable(text).replaceAll("'", `'\\''`)}'`
}
