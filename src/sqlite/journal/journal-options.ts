import { asyncScheduler, type Observable, type SchedulerLike } from 'rxjs'
import { checkNames, type Names } from '../../vocabulary/check-names.ts'
import { configError } from '../../vocabulary/error-of.ts'
import type { AlarmError } from '../../vocabulary/errors.ts'
import type { KeyedEvent } from '../../vocabulary/event.ts'
import { fieldOf } from '../../vocabulary/safe-field.ts'

/** What a journal records: an alarm, a fleet, or what else has `events$`. */
export interface JournalSource {
  readonly events$: Observable<KeyedEvent>
}

/** Where a journal is kept, and how much of it. */
export interface JournalOptions {
  /** the database of the journal alone; made if it is not there, in a directory that is. Several recordings may share it */
  readonly file: string
  /** events of each actor, 10 to 10,000; default 100. What happened in one turn of the event loop is kept as a whole, so it may be twice as many */
  readonly keep?: number
  /** of the file, about; default 256 MiB. Where it is more, the oldest events of all actors go, also of those that have fewer than `keep` */
  readonly maxBytes?: number
  /** what a text of an error becomes before it is kept: its name, its message; default: it is kept as it is */
  readonly redact?: (text: string) => string
  /** called once where the file begins to fail, and again only after it has worked; default: a warning of the process */
  readonly onError?: (error: AlarmError) => void
  /** the clock of the waits for a lock; default asyncScheduler */
  readonly scheduler?: SchedulerLike
}

const MIB = 1024 * 1024
const names: Names<JournalOptions> = {
  file: true,
  keep: true,
  maxBytes: true,
  redact: true,
  onError: true,
  scheduler: true,
}

/** The events of a source, or `ALARM_CONFIG_INVALID`. */
export function checkSource(source: JournalSource): Observable<KeyedEvent> {
  const events$ = fieldOf(source, 'events$')
  if (typeof fieldOf(events$, 'subscribe') === 'function') return events$ as Observable<KeyedEvent>
  throw configError('What a journal records', 'an alarm, a fleet, or what else has events$', source)
}

/** Refuses options that cannot work (`ALARM_CONFIG_INVALID`), and fills in the defaults. */
export function checkOptions(options: JournalOptions): Required<JournalOptions> {
  if (typeof options !== 'object' || options === null) {
    throw configError('The options of a journal', 'an object with file', options)
  }
  checkNames('recordJournal', options, names)
  const { file, keep = 100, maxBytes = 256 * MIB, scheduler = asyncScheduler } = options
  const { redact = (text) => text, onError = warn } = options
  if (!Number.isSafeInteger(keep) || keep < 10 || keep > 10_000) {
    throw configError('keep', 'a whole number of events, 10 to 10,000', keep)
  }
  if (!Number.isSafeInteger(maxBytes) || maxBytes < MIB) {
    throw configError('maxBytes', `a whole number of bytes, ${MIB} or more`, maxBytes)
  }
  for (const [name, value] of Object.entries({ redact, onError })) {
    if (typeof value !== 'function') throw configError(name, 'a function', value)
  }
  if (typeof scheduler?.now !== 'function' || typeof scheduler.schedule !== 'function') {
    throw configError('scheduler', 'an RxJS scheduler', scheduler)
  }
  return { file, keep, maxBytes, redact, onError, scheduler }
}

function warn({ code, message }: AlarmError): void {
  process.emitWarning(`The journal is not written for now. ${message}`, { code })
}
