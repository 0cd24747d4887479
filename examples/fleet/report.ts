import type { Outcome, Progress } from './conductor.ts'
import type { Lateness } from './lateness.ts'

const number = (value: number): string => value.toLocaleString('en-US')

/** One line of 79 columns that says how far a run is, what matters most first. */
export function progressLine({ elapsed, phase, kills, looks, late, counts }: Progress): string {
  const seconds = (elapsed / 1000).toFixed(1).padStart(5)
  return (
    `${seconds} s  late ${late}  looks ${number(looks)}  kills ${kills}  commits ${number(counts.commits)}  ` +
    `writes ${number(counts.writes)}  ${phase}`
  ).trimEnd()
}

/** What a run came to, as a table. */
export function printOutcome(outcome: Outcome): string {
  const { counts, owed, lost, late } = outcome
  const delivered = owed.filter(({ began }) => began !== null).length
  const rows: readonly (readonly [string, number | string, string?])[] = [
    ['actors', outcome.actors],
    [
      'intents',
      counts.intents,
      `${number(outcome.committedIntents)} of them committed one by one in the journals`,
    ],
    ['commits', counts.commits, `${number(counts.moves)} moved the alarm`],
    [
      'manager writes',
      counts.writes,
      `${number(counts.writeFailures)} failed, ${number(counts.writesGivenUp)} given up`,
    ],
    ['  saved', saved(outcome), 'committed moves that needed no write of their own'],
    ['alarms due', owed.length],
    [
      'delivered',
      delivered,
      `${number(outcome.delivered)} handler runs in all, ${number(outcome.early)} before their time`,
    ],
    ['early wake-ups put right', counts.rescheduled],
    ['handler failures retried', counts.failedRuns],
    ['kills survived', outcome.kills],
    [
      'actors reopened',
      outcome.reopened,
      `${number(counts.broken)} after a failed precommit, the rest after a kill`,
    ],
    ['lateness, undisturbed', milliseconds(outcome.undisturbed)],
    ["lateness, in a kill's window", milliseconds(outcome.killed)],
    ['lost', lost.length],
    [
      'manager later than store',
      late.length,
      `in ${number(outcome.looks)} looks at work, ${number(outcome.exactLooks)} at rest`,
    ],
  ]
  const label = Math.max(...rows.map(([name]) => name.length))
  return rows
    .map(([name, value, note]) => {
      const shown = typeof value === 'number' ? number(value).padStart(8) : value
      return `  ${name.padEnd(label)}  ${shown}${note === undefined ? '' : `   ${note}`}`
    })
    .join('\n')
}

function saved({ counts }: Outcome): number {
  return Math.max(0, counts.moves - counts.movesWritten)
}

function milliseconds({ count, p50, p99, max }: Lateness): string {
  return `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms  (${number(count)} deliveries)`
}

/** What went wrong, one line each; not all of it if it is much. */
export function printFaults({ lost, late, evidence }: Outcome): string {
  const faults = [
    ...lost.map(({ key, why }) => `LOST  ${key}: ${why}`),
    ...late.map(
      ({ key, store, manager }) => `LATE  ${key}: the store holds ${store}, the manager ${manager ?? 'none'}`,
    ),
  ]
  const shown = faults.slice(0, 10)
  if (faults.length > shown.length) shown.push(`and ${faults.length - shown.length} more`)
  return `${shown.map((fault) => `  ${fault}\n`).join('')}\nWhat the files say of the first, the manager's first:\n${evidence}`
}
