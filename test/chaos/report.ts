import { countKinds, number, printCampaign, printLateness } from '../campaign-report.ts'
import type { Outcome } from './campaign.ts'

const KINDS = ['LATE', 'LOST', 'SLOW', 'OWNER', 'EARLY', 'FENCE', 'DIED', 'DOCTOR'] as const

/** What a campaign came to, as a markdown table, and what was wrong. */
export function printOutcome(outcome: Outcome): string {
  const { violations, struck, errors, lateness } = outcome
  const rows: readonly (readonly [string, string])[] = [
    ['SIGKILLs', `${number(outcome.kills)}, in ${outcome.seconds.toFixed(0)} s`],
    ['lives of a worker', number(outcome.lives)],
    ...[...struck].map(([name, times]) => [name, number(times)] as const),
    ['snapshots of store and manager', number(outcome.looks)],
    ['examined by the doctor', `${number(outcome.examined)} times`],
    [
      'intents committed',
      `${number(outcome.intents)}, ${number(outcome.acked)} of them confirmed to somebody`,
    ],
    ['alarms that became due', `${number(outcome.owed)}, ${number(outcome.runs)} handler runs`],
    ['lateness, far from any trouble', printLateness(lateness.undisturbed)],
    ['lateness, in its window', printLateness(lateness.killed)],
    ['the longest wait for nobody knows what', `${number(outcome.idle)} ms`],
    ['violations', countKinds(KINDS, violations)],
  ]
  return printCampaign({ rows, who: 'workers', errors, most: 20, violations })
}
