import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as nolater from 'nolater'
import * as marbles from 'nolater/marbles'
import * as sqlite from 'nolater/sqlite'
import * as rxjs from 'rxjs'
import { afterAll } from 'vitest'
import { fakeStorage } from '../durable-object/fake-storage.ts'

const folders = mkdtempSync(join(tmpdir(), 'nolater-examples-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))

const race = `title     a race
alarm     1

ask       5---2-------
commit    5.|---2.|---
write     --5..|------
               2|
`

/**
 * What the examples in doc comments speak of without making it: an alarm, a store, a clock that is virtual, functions that do something.
 * A name that is missing here makes the example that uses it fail.
 */
export function exampleScope() {
  const folder = mkdtempSync(join(folders, 'one-'))
  const clock = marbles.virtualClock(1_000_000)
  const manager = nolater.memoryManager({ scheduler: clock })
  const commit = (..._: unknown[]): rxjs.Observable<never> => rxjs.EMPTY
  const work = commit
  const open = (key: string): nolater.Alarm =>
    nolater.openAlarm({
      key,
      scheduler: clock,
      commit,
      write: (time, info) => manager.write(key, time, info),
    })
  const alarm = open('alarm')
  const store = sqlite.sqliteStore({ file: ':memory:', key: '42', manager, scheduler: clock })
  const ran: (() => unknown)[] = []

  return {
    // The same functions, on the virtual clock and in a folder that is thrown away.
    sqliteManager: (options: sqlite.SqliteManagerOptions) =>
      sqlite.sqliteManager({ scheduler: clock, ...options, file: join(folder, options.file) }),
    sqliteStore: (options: sqlite.SqliteStoreOptions) =>
      sqlite.sqliteStore({ scheduler: clock, ...options, file: join(folder, options.file) }),
    sqliteStores: (options: sqlite.SqliteStoresOptions) =>
      sqlite.sqliteStores({ ...options, file: join(folder, options.file) }),
    sqliteFleet: (options: sqlite.SqliteFleetOptions) =>
      sqlite.sqliteFleet({ scheduler: clock, ...options, file: join(folder, options.file) }),
    recordJournal: (source: sqlite.JournalSource, options: sqlite.JournalOptions) =>
      sqlite.recordJournal(source, { ...options, file: join(folder, options.file) }),
    memoryManager: (options: nolater.ManagerOptions = {}) =>
      nolater.memoryManager({ scheduler: clock, ...options }),

    clock,
    manager,
    alarm,
    store,
    one: open('one'),
    other: open('other'),
    storage: fakeStorage(),
    DurableObject: class {
      protected readonly ctx = { storage: fakeStorage() }
    },
    config: { commit, write: commit },
    commit,
    write: commit,
    save: commit,
    tell: commit,
    wake: work,
    brew: work,
    ring: work,
    work,
    send: (_: unknown): void => {},
    read: async (_: string): Promise<nolater.LoadedAlarm> => ({ time: null, epoch: 1 }),
    replies$: rxjs.of('a reply'),
    edits$: rxjs.of('an edit', 'another'),
    paid$: rxjs.of('paid'),
    renamed$: rxjs.of('renamed'),
    intents$: rxjs.of({ key: '42', ...nolater.setAlarm(2_000_000) }),
    row: { alarm: null as nolater.AlarmTime, limit: null as nolater.AlarmTime },
    state: { limit: null as nolater.AlarmTime },
    recording: marbles.recordTimeline(alarm.events$),
    diagram: race,
    text: race,
    file: 'a.marbles',
    readFileSync: (_file: string, _encoding: 'utf8'): string => race,
    writeFileSync: (_file: string, _text: string): void => {},
    readFile: (file: string, encoding: 'utf8') =>
      file === 'a.marbles' ? Promise.resolve(race) : readFile(file, encoding),
    writeFile: async (_file: string, _text: string): Promise<void> => {},
    /** a test inside of an example is run where it stands */
    test: (_title: string, run: () => unknown): void => void ran.push(run() as () => unknown),
  }
}

export type ExampleScope = ReturnType<typeof exampleScope>
