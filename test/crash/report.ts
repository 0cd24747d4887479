import type { Lateness } from '../../examples/fleet/lateness.ts'
import type { Outcome } from './campaign.ts'

const number = (value: number): string => value.toLocaleString('en-US')
const ms = ({ count, p50, p99, max }: Lateness): string =>
  `p50 ${number(p50)} ms, p99 ${number(p99)} ms, max ${number(max)} ms, of ${number(count)}`

/** What a campaign came to, as a markdown table, and what was wrong. */
export function printOutcome(outcome: Outcome): string {
  const { violations, evidence, met, errors, lateness } = outcome
  const kinds = ['LATE', 'LOST', 'EARLY', 'FENCE', 'DIED'].map(
    (kind) => `${violations.filter((fault) => fault.startsWith(kind)).length} ${kind.toLowerCase()}`,
  )
  const rows: readonly (readonly [string, string])[] = [
    ['SIGKILLs', `${number(outcome.kills)}, in ${outcome.seconds.toFixed(0)} s`],
    ['lives of a process', number(outcome.lives)],
    ...[...met].map(([name, { begun, felt }]) => [name, `${begun}, felt ${felt} times`] as const),
    ['clock steps, in all', number(outcome.clockSteps)],
    ['looks at store and manager', `${number(outcome.looks)}, and ${outcome.disturbed} that were disturbed`],
    ['actors opened again', number(outcome.reopened)],
    [
      'intents committed',
      `${number(outcome.intents)}, ${number(outcome.acked)} of them confirmed to somebody`,
    ],
    ['alarms that became due', `${number(outcome.owed)}, ${number(outcome.runs)} handler runs`],
    ['lateness, far from a kill', ms(lateness.undisturbed)],
    ["lateness, in a kill's window", ms(lateness.killed)],
    ['violations', kinds.join(', ')],
  ]
  const said = [...errors].sort((a, b) => b[1] - a[1]).map(([code, times]) => `  ${number(times)} x ${code}`)
  const faults = violations.slice(0, 10).map((fault) => `  ${fault}`)
  if (violations.length > 10) faults.push(`  and ${violations.length - 10} more`)
  return [
    '| | |',
    '|---|---|',
    ...rows.map(([name, value]) => `| ${name} | ${value} |`),
    '',
    'What the processes said of errors:',
    ...said,
    ...(faults.length === 0 ? [] : ['', ...faults, '', '  What the files say of the first:', evidence]),
  ].join('\n')
}
