import type { Alarm } from '../index.ts'

/**
 * What the future of an engine depends on, besides what it was asked and answered: two engines with the same record, up to the
 * size of their fences and counters, must behave alike from here on.
 */
export interface EngineRecord {
  /** of the last write issued, and of the last one acknowledged */
  readonly fence: number
  readonly acked: number
  /** the fence above which a write is newer than the delivery being handled; `null` where none is */
  readonly since: number | null
  /** intents asked, the newest that closes the gate, and how many are durable */
  readonly asked: number
  readonly gated: number
  readonly covered: number
  /** everything else, as text */
  readonly rest: string
}

type Fields = Readonly<Record<string, unknown>>

const elsewhere = ['fence', 'acked', 'since', 'asked', 'gated', 'covered']
// Only ever told, or there exactly when the calls and subscriptions that the explorer made are.
const idle = [
  'attempt',
  'lastError',
  'stirred',
  'commit',
  'write',
  'rest',
  'run',
  'ticks$',
  'work',
  'telemetry',
]
const skipped = new Set([...elsewhere, ...idle])

/** Reads the private record of `openAlarm`'s engine. A field that it does not know counts as it is. */
export function readRecord(alarm: Alarm): EngineRecord {
  const keeper = alarm as unknown as Fields
  const work = keeper.work as Fields | null
  const run = (work?.run ?? null) as Fields | null
  return {
    fence: numberOf(keeper, 'fence'),
    acked: numberOf(keeper, 'acked'),
    since: run && numberOf(run, 'since'),
    asked: work ? numberOf(work, 'asked') : 0,
    gated: work ? numberOf(work, 'gated') : 0,
    covered: work ? numberOf(work, 'covered') : 0,
    rest: `${print(keeper)}/${work ? print(work) : ''}/${run ? print(run) : ''}`,
  }
}

function print(fields: Fields): string {
  let text = ''
  for (const name in fields) {
    const value = fields[name]
    if (skipped.has(name) || (name === 'carries' && fields.writing === false)) continue // of a write that is over
    if (name === 'heldAt') text += value === null ? '-' : '^'
    else if (name === 'failure' || name === 'writer') text += value === null ? '' : '!'
    else if (typeof value === 'boolean') text += value ? '+' : '-'
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
