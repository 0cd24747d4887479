import type { AlarmScope } from '../../../vocabulary/alarm-scope.ts'
import type { LastError, ListedAlarm, ListedState } from '../../../vocabulary/listed-alarm.ts'
import type { ManagerStats } from '../../../vocabulary/manager-stats.ts'
import { printable } from '../../command/terminal.ts'
import { isSilent } from '../../lease-holder.ts'
import { isPutOff } from '../../listed-times.ts'

export const stateNames: Readonly<Record<ListedState, string>> = {
  pending: 'pending',
  due: 'due',
  delivering: 'delivering',
  'backing-off': 'backing off',
  failed: 'failed',
}

export const listTitles: Readonly<Record<ListedState, string>> = {
  pending: 'Pending alarms',
  due: 'Alarms that are due',
  delivering: 'Alarms that are delivered now',
  'backing-off': 'Alarms that back off',
  failed: 'Alarms that have failed',
}

export function keyText(key: string): string {
  return key === '' ? '""' : printable(key)
}

/** Its state, with what an operator has to know of it first. */
export function stateText(alarm: ListedAlarm, stats: ManagerStats | null): string {
  const { state, lease, paused } = alarm
  const isStuck = lease !== null && stats !== null && isSilent(lease, stats)
  const more = [
    ...(isPutOff(alarm) ? ['rescheduled'] : []),
    ...(isStuck ? ['stuck'] : []),
    ...(paused ? ['paused'] : []),
  ]
  return [stateNames[state], ...more].join(', ')
}

export function errorText(error: LastError | null): string {
  return error === null ? '' : printable(`${error.name}: ${error.message}`)
}

export function scopeText(scope: AlarmScope): string {
  if ('key' in scope) return `the alarm of ${keyText(scope.key)}`
  return scope.prefix === undefined || scope.prefix === ''
    ? 'all alarms'
    : `all alarms whose keys begin with "${printable(scope.prefix)}"`
}
