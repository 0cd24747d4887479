import { countKinds, number, printCampaign, printLateness } from '../campaign-report.ts'
import type { Outcome } from './campaign.ts'

const KINDS = ['LATE', 'LOST', 'EARLY', 'FENCE', 'DIED', 'DOCTOR'] as const

/** What a campaign came to, as a markdown table, and what was wrong. */
export function printOutcome(outcome: Outcome): string {
  const { violations, evidence, met, errors, lateness } = outcome
  const rows: readonly (readonly [string, string])[] = [
    ['SIGKILLs', `${number(outcome.kills)}, in ${outcome.seconds.toFixed(0)} s`],
    ['lives of a process', number(outcome.lives)],
    ...[...met].map(([name, { begun, felt }]) => [name, `${begun}, felt ${felt} times`] as const),
    ['clock steps, in all', number(outcome.clockSteps)],
    ['looks at store and manager', `${number(outcome.looks)}, and ${outcome.disturbed} that were disturbed`],
    ['examined by the doctor', `${number(outcome.examined)} times`],
    ['actors opened again', number(outcome.reopened)],
    [
      'intents committed',
      `${number(outcome.intents)}, ${number(outcome.acked)} of them confirmed to somebody`,
    ],
    ['alarms that became due', `${number(outcome.owed)}, ${number(outcome.runs)} handler runs`],
    ['lateness, far from a kill', printLateness(lateness.undisturbed)],
    ["lateness, in a kill's window", printLateness(lateness.killed)],
    ['violations', countKinds(KINDS, violations)],
  ]
  const files = ['', '  What the files say of the first:', evidence]
  return printCampaign({ rows, who: 'processes', errors, violations, evidence: files })
}
