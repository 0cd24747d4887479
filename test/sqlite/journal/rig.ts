import { DatabaseSync } from 'node:sqlite'
import { Subject } from 'rxjs'
import { afterEach, vi } from 'vitest'
import type { KeyedEvent } from '../../../src/index.ts'
import type { JournalOptions } from '../../../src/sqlite/journal/journal-options.ts'
import { readJournal } from '../../../src/sqlite/journal/read-journal.ts'
import { type Journal, recordJournal } from '../../../src/sqlite/journal/record-journal.ts'
import type { AlarmError } from '../../../src/vocabulary/errors.ts'
import { virtualClock } from '../../virtual-clock.ts'
import { newFile } from '../files.ts'

let open: Journal[] = []
afterEach(async () => {
  await Promise.all(open.map((journal) => journal.close()))
  open = []
})

/** An event of an actor that says which one it is. */
export const eventOf = (key: string, n: number): KeyedEvent => ({
  at: n,
  key,
  kind: 'commit-issued',
  time: n,
})

/** A journal of a source that the test emits from; its waits are on a virtual clock. */
export function rig(options: Partial<JournalOptions> = {}) {
  const { file = newFile() } = options
  const clock = virtualClock()
  const events$ = new Subject<KeyedEvent>()
  const errors: AlarmError[] = []
  const journal = recordJournal(
    { events$ },
    { scheduler: clock, onError: (error) => errors.push(error), ...options, file },
  )
  open.push(journal)
  return {
    file,
    clock,
    events$,
    errors,
    journal,
    /** emits so many events of an actor, the first one numbered */
    emit(key: string, count = 1, first = 1) {
      for (let i = 0; i < count; i++) events$.next(eventOf(key, first + i))
    },
    read: (key: string) => readJournal({ file, key }),
    /** the numbers of what is kept of an actor */
    kept: (key: string) => readJournal({ file, key }).events.map(({ at }) => at),
  }
}

/** Another connection that takes the lock and gives it back. */
export function holder(file: string) {
  const db = new DatabaseSync(file)
  return { lock: () => db.exec('BEGIN IMMEDIATE'), unlock: () => db.exec('ROLLBACK') }
}

/** Counts commits from here on. */
export function counted() {
  const exec = vi.spyOn(DatabaseSync.prototype, 'exec')
  return { commits: () => exec.mock.calls.filter(([sql]) => sql === 'COMMIT').length }
}

export const numbers = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, i) => first + i)
