import { openSync, readFileSync, writeSync } from 'node:fs'

/** What the host counts. */
export const COUNTED = [
  'taken', // lines of the script
  'intents',
  'askedAgain',
  'commits',
  'moves', // commits that changed the alarm
  'writes',
  'movesWritten', // writes that were acknowledged and changed the manager's alarm
  'writeFailures',
  'writesGivenUp',
  'superseded',
  'rescheduled',
  'failedRuns',
  'broken',
  'expired',
] as const
export type Counted = (typeof COUNTED)[number]

/** Counters in a file: what has been written to it is the operating system's, and outlives a SIGKILL of the process. */
export interface Tally {
  count(what: Counted): void
}

export function openTally(file: string): Tally {
  const fd = openSync(file, 'w')
  const counts = new Float64Array(COUNTED.length)
  return {
    count(what) {
      const i = COUNTED.indexOf(what)
      counts[i]!++
      writeSync(fd, counts, i * 8, 8, i * 8)
    },
  }
}

/** The sums over several tallies. */
export function readTallies(files: readonly string[]): Record<Counted, number> {
  const sums = Object.fromEntries(COUNTED.map((what) => [what, 0])) as Record<Counted, number>
  for (const file of files) {
    const bytes = readTally(file)
    COUNTED.forEach((what, i) => {
      if (bytes.length >= i * 8 + 8) sums[what] += bytes.readDoubleLE(i * 8)
    })
  }
  return sums
}

function readTally(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch {
    return Buffer.alloc(0) // killed before it began to count
  }
}
