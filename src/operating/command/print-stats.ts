import { isLive, type ManagerStats } from '../../vocabulary/manager-stats.ts'
import { scopeText } from '../scopes.ts'
import { duration } from '../times.ts'
import { digits, printable } from './terminal.ts'

/** A page of how a manager stands. */
export function statsPage({
  at,
  counts,
  oldest,
  lateness,
  fires,
  failures,
  paused,
  deliverers,
}: ManagerStats): string {
  const rows: (readonly [string, string])[] = [
    ...Object.entries(counts).map(([state, count]) => [state, digits(count).padStart(12)] as const),
    [
      'oldest due',
      oldest === null ? 'none' : `${duration(oldest.overdue)} overdue: ${printable(oldest.key)}`,
    ],
    ['last minute', `${digits(fires)} fires/s, ${digits(failures)} failures/s`],
    [
      'lateness',
      lateness.max === null || lateness.p50 === null || lateness.p99 === null
        ? 'nothing was delivered'
        : `half at most ${duration(lateness.p50)}, 99 of 100 ${duration(lateness.p99)}, all ${duration(lateness.max)}`,
    ],
    ...paused.map((scope) => ['paused', scopeText(scope)] as const),
    ...deliverers.map(
      ({ process, since, seen, holder }) =>
        [
          'delivers',
          `${printable(process) || holder} for ${duration(at - since)}, reported ${duration(at - seen)} ago${isLive({ seen }, at) ? '' : ': dead, or hung'}`,
        ] as const,
    ),
  ]
  if (!deliverers.some((deliverer) => isLive(deliverer, at)))
    rows.push(['delivers', 'nothing: what is due stays due'])
  return rows.map(([name, text]) => `${name.padEnd(12)} ${text}\n`).join('')
}
