import type { Alarm } from '../../../src/index.ts'
import { SEQUENCES } from '../../../src/vocabulary/fence.ts'

/**
 * What the future of an engine depends on, besides what it was asked and answered: two engines with the same record, up to the
 * size of their fences and counters, must behave alike from here on.
 */
export interface EngineRecord {
  /** of the last write issued, and of the last one acknowledged */
  readonly fence: number
  readonly acked: number
  /** intents asked, the newest that closes the gate, and how many are durable */
  readonly asked: number
  readonly gated: number
  readonly covered: number
  /** everything else, as text; but for the fences, which count by how they stand to the others */
  print(): { readonly rest: string; readonly fences: readonly number[] }
  /** counted in the epoch: the write that set the alarm, the last whose delivery has begun, the last that is of no alarm asked since */
  readonly alarms: readonly [setBy: number, begun: number, stale: number]
}

type Fields = Readonly<Record<string, unknown>>

// Recorded elsewhere, or only ever written and never read, or there exactly when what the explorer made is.
const elsewhere = [
  'epoch',
  'raisedTo',
  'issued',
  'acked',
  'asked',
  'gated',
  'covered',
  'work',
  'run',
  'setBy',
  'begun',
  'stale',
]
// How many places were taken only counts up: which came first shows in what is answered.
const idle = [
  'attempt',
  'lastError',
  'stirred',
  'commit',
  'write',
  'rest',
  'waiting',
  'waiters',
  'places',
  'telemetry',
]
const skipped = new Set([...elsewhere, ...idle])
const sequenceFields = new Set(['since', 'abandoned'])
// What is left of a call that is over.
const onlyWhile: Fields = { carries: 'writing', isPrecommit: 'writing', commits: 'committing' }

/**
 * Reads the private record of `openAlarm`'s engine. A field that it does not know counts as it is.
 *
 * ```ts
 * alarm.set(60_000)
 * console.log(readRecord(alarm).fence)
 * ```
 */
export function readRecord(alarm: Alarm): EngineRecord {
  const keeper = alarm as unknown as Fields
  const work = keeper.work as Fields | null
  const run = (work?.run ?? null) as Fields | null
  const first = numberOf(keeper, 'epoch') * SEQUENCES
  return {
    fence: first + numberOf(keeper, 'issued'),
    acked: first + numberOf(keeper, 'acked'),
    asked: work ? numberOf(work, 'asked') : 0,
    gated: work ? numberOf(work, 'gated') : 0,
    covered: work ? numberOf(work, 'covered') : 0,
    alarms: [numberOf(keeper, 'setBy'), numberOf(keeper, 'begun'), numberOf(keeper, 'stale')],
    print() {
      const sequences: number[] = []
      const print = (fields: Fields | null): string => (fields === null ? '' : printFields(fields, sequences))
      const rest = [keeper, work, run].map(print).join('/')
      return { rest, fences: sequences.map((sequence) => first + sequence) }
    },
  }
}

function printFields(fields: Fields, sequences: number[]): string {
  let text = ''
  for (const name in fields) {
    const value = fields[name]
    const during = onlyWhile[name]
    if (skipped.has(name) || (typeof during === 'string' && fields[during] === false)) continue
    if (name === 'heldAt') text += value === null ? '-' : '^'
    else if (name === 'failure' || name === 'pipe') text += value === null ? '' : '!'
    else if (typeof value === 'boolean') text += value ? '+' : '-'
    else if (typeof value === 'number' && sequenceFields.has(name)) sequences.push(value)
    else if (value === null || typeof value === 'number' || typeof value === 'string') text += `${value},`
    else if (Array.isArray(value)) text += `[${value}]`
  }
  return text
}

function numberOf(fields: Fields, name: string): number {
  const value = fields[name]
  if (typeof value === 'number') return value
  throw new TypeError(
    `The engine's record has no number "${name}" any more: give exploreSchedules a readRecord that fits.`,
  )
}
