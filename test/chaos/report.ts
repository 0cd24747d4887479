import type { Lateness } from '../../examples/fleet/lateness.ts'
import type { Outcome } from './campaign.ts'

const number = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 0 })
const ms = ({ count, p50, p99, max }: Lateness): string =>
  `p50 ${number(p50)} ms, p99 ${number(p99)} ms, max ${number(max)} ms, of ${number(count)}`

const KINDS = ['LATE', 'LOST', 'SLOW', 'OWNER', 'EARLY', 'FENCE', 'DIED'] as const

/** What a campaign came to, as a markdown table, and what was wrong. */
export function printOutcome(outcome: Outcome): string {
  const { violations, struck, errors, lateness } = outcome
  const kinds = KINDS.map(
    (kind) => `${violations.filter((fault) => fault.startsWith(kind)).length} ${kind.toLowerCase()}`,
  )
  const rows: readonly (readonly [string, string])[] = [
    ['SIGKILLs', `${number(outcome.kills)}, in ${outcome.seconds.toFixed(0)} s`],
    ['lives of a worker', number(outcome.lives)],
    ...[...struck].map(([name, times]) => [name, number(times)] as const),
    ['snapshots of store and manager', number(outcome.looks)],
    [
      'intents committed',
      `${number(outcome.intents)}, ${number(outcome.acked)} of them confirmed to somebody`,
    ],
    ['alarms that became due', `${number(outcome.owed)}, ${number(outcome.runs)} handler runs`],
    ['lateness, far from any trouble', ms(lateness.undisturbed)],
    ['lateness, in its window', ms(lateness.killed)],
    ['the longest wait for nobody knows what', `${number(outcome.idle)} ms`],
    ['violations', kinds.join(', ')],
  ]
  const said = [...errors]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 20)
    .map(([what, times]) => `  ${number(times)} x ${what}`)
  const faults = violations.slice(0, 10).map((fault) => `  ${fault}`)
  if (violations.length > 10) faults.push(`  and ${violations.length - 10} more`)
  return [
    '| | |',
    '|---|---|',
    ...rows.map(([name, value]) => `| ${name} | ${value} |`),
    '',
    'What the workers said of errors:',
    ...said,
    ...(faults.length === 0 ? [] : ['', ...faults]),
  ].join('\n')
}
