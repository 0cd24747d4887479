import { Subscription } from 'rxjs'
import { type Closable, closable } from '../../fleet/closing/close-once.ts'
import { fieldOf } from '../../vocabulary/safe-field.ts'
import { openJournalFile } from './journal-file.ts'
import { checkOptions, checkSource, type JournalOptions, type JournalSource } from './journal-options.ts'
import { journalWriter } from './journal-writer.ts'
import { keptEvent } from './kept-event.ts'

/** A journal while it is recorded. */
export interface Journal extends Closable {
  /** events that were lost so far, because the file could not be written for too long */
  readonly lost: number
  /** Ends the recording, writes what is left, and lets go of the file. Resolves when that is done, or was given up after 5 s; never rejects. */
  close(): Promise<void>
}

/**
 * Keeps the last events of each actor in an SQLite file, for `nolater show TARGET KEY --journal FILE`.
 *
 * The events of one turn of the event loop are one transaction, which does not wait for the disk: a process that is killed loses its last
 * turn, a machine that fails may lose more. The end of the source ends the recording; another one goes on in the same file.
 *
 * Throws `ALARM_CONFIG_INVALID`, and what `sqliteManager` throws for a file that it cannot use, except for what can pass (a lock, a full
 * disk). From then on nothing that happens to the file reaches the alarm: it goes to `onError`, what is pending is tried again with later
 * events, and what does not fit into 4 MB of memory is lost, which the journal shows as a gap. A file that was removed is made again.
 *
 * Gotchas: the thread waits for a lock while the file is opened, 5 s at most, and never after that. It keeps the keys and the messages of
 * errors as they are; `redact` is for what must not be on a disk.
 *
 * ```ts
 * const fleet = openFleet(sqliteStores({ file: 'actors.db', manager }))
 * const journal = recordJournal(fleet, { file: 'journal.db', keep: 200 })
 * fleet.actor('42').setIn(60_000)
 * await fleet.close()
 * await journal.close()
 * ```
 */
export function recordJournal(source: JournalSource, options: JournalOptions): Journal {
  const events$ = checkSource(source)
  const { file, keep, maxBytes, redact, onError, scheduler } = checkOptions(options)
  const recording = Math.floor(Math.random() * 2 ** 48)
  const writer = journalWriter({
    keep,
    scheduler,
    onError,
    open: (busyTimeout) => openJournalFile(file, { keep, maxBytes }, recording, busyTimeout),
  })
  const recorded = new Subscription()
  let last: Place | null = null
  let isOfOne = true

  function add(event: object, { key, at }: Place): void {
    isOfOne &&= last === null || last.key === key
    last = { key, at }
    writer.add(key, at, keptEvent(event, redact))
  }

  /** The end has no key: it is that of the actor that all events were of. */
  function end(how: object): void {
    if (last !== null && isOfOne) add({ at: last.at, ...how }, last)
    void journal.close()
  }

  const journal: Journal = {
    get lost() {
      return writer.lost
    },
    ...closable(() => {
      recorded.unsubscribe()
      return writer.flush()
    }, writer.close),
  }
  recorded.add(
    events$.subscribe({
      next: (event) => add(event, placeOf(event)),
      error: (error: unknown) => end({ kind: 'errored', error }),
      complete: () => end({ kind: 'completed' }),
    }),
  )
  return journal
}

/** Where an event belongs. */
interface Place {
  readonly key: string
  readonly at: number
}

function placeOf(event: unknown): Place {
  const [key, at] = [fieldOf(event, 'key'), fieldOf(event, 'at')]
  return { key: typeof key === 'string' ? key : '', at: typeof at === 'number' ? at : 0 }
}
