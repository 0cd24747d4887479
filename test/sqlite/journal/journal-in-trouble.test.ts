import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { EMPTY, of } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { openFleet } from '../../../src/index.ts'
import { journalSchema } from '../../../src/sqlite/journal/journal-schema.ts'
import { readJournal } from '../../../src/sqlite/journal/read-journal.ts'
import { recordJournal } from '../../../src/sqlite/journal/record-journal.ts'
import { openDatabase } from '../../../src/sqlite/open-database.ts'
import { uncaughtDuring } from '../../uncaught.ts'
import { turns } from '../../virtual-clock.ts'
import { newFile } from '../files.ts'
import { counted, holder, numbers, rig } from './rig.ts'

const locked = expect.objectContaining({ code: 'ALARM_STORAGE_LOCKED' })
const gone = expect.objectContaining({ code: 'ALARM_STORAGE_GONE' })

describe('a journal whose file is locked', () => {
  it('waits on its scheduler, not in the thread, and writes when it is free', async () => {
    const { emit, kept, clock, errors, journal, file } = rig()
    const { lock, unlock } = holder(file)
    lock()
    const began = performance.now()
    emit('a', 3)
    await clock.advance(1_000)
    emit('a', 2, 4)
    await clock.advance(1_000)
    expect(performance.now() - began).toBeLessThan(4_000) // the thread would have waited for 5 s
    expect(kept('a')).toEqual([])
    unlock()
    await clock.advance(100)
    expect(kept('a')).toEqual(numbers(1, 5))
    expect([errors, journal.lost, clock.pending()]).toEqual([[], 0, 0])
  })

  it('says so once after 5 s, rests, and writes with a later event what it still has', async () => {
    const { emit, kept, clock, errors, file } = rig()
    const { lock, unlock } = holder(file)
    lock()
    emit('a')
    await clock.advance(3_000)
    emit('a') // which waits no longer than what waits already
    await clock.advance(1_999)
    expect(errors).toEqual([])
    await clock.advance(1)
    expect(errors).toEqual([locked])
    expect(clock.pending()).toBe(0)
    emit('a', 1, 2) // within the second after that: it is not tried
    await turns(2)
    expect(clock.pending()).toBe(0)
    await clock.advance(1_000)
    emit('a', 1, 3)
    await clock.advance(6_000)
    expect(errors).toEqual([locked])
    unlock()
    emit('a', 1, 4)
    await clock.advance(100)
    expect(kept('a')).toEqual([1, ...numbers(1, 4)])
    lock()
    emit('a', 1, 5)
    await clock.advance(5_000)
    expect(errors).toEqual([locked, locked]) // it had worked in between
    unlock()
  })

  it('loses what does not fit into its memory, counts it, and shows the gap', async () => {
    const { emit, kept, read, clock, errors, journal, file } = rig()
    const { lock, unlock } = holder(file)
    emit('a')
    await turns(2)
    lock()
    emit('a', 1, 2)
    for (let i = 0; i < 100_000; i++) emit(`other ${i}`, 1, i)
    const { lost } = journal
    expect(lost).toBeGreaterThan(60_000)
    expect(lost).toBeLessThan(99_000)
    emit('a', 1, 200_000)
    expect(journal.lost).toBe(lost + 1)
    unlock()
    await clock.advance(100)
    emit('a', 1, 3)
    await turns(2)
    const gap = { kind: 'gap', key: 'a', at: 100_000 - lost, until: 200_000, lost: lost + 1 }
    expect(read('a').events).toEqual([
      expect.objectContaining({ at: 1 }),
      expect.objectContaining({ at: 2 }),
      gap,
      expect.objectContaining({ at: 3 }),
    ])
    expect(kept('other 0')).toEqual([0, gap.at])
    expect([journal.lost, errors]).toEqual([lost + 1, []])
    emit('late')
    await turns(2)
    expect(kept('late')).toEqual([1]) // the gap was before it
  })

  it('tries once for all that is pending in a turn', async () => {
    const { emit, clock, file } = rig()
    const { lock, unlock } = holder(file)
    lock()
    const begin = vi.spyOn(DatabaseSync.prototype, 'exec')
    for (let i = 0; i < 100_000; i++) emit(`${i}`)
    const tries = () => begin.mock.calls.filter(([sql]) => sql === 'BEGIN IMMEDIATE').length
    expect(tries()).toBe(1)
    unlock()
    await clock.advance(100)
  })

  it('is closed when the file is free', async () => {
    const { emit, kept, clock, journal, errors, file } = rig()
    const { lock, unlock } = holder(file)
    lock()
    emit('a')
    let isClosed = false
    void journal.close().then(() => {
      isClosed = true
    })
    await clock.advance(1_000)
    expect(isClosed).toBe(false)
    unlock()
    await clock.advance(100)
    expect([isClosed, kept('a'), errors]).toEqual([true, [1], []])
  })

  it('is closed after 5 s all the same: what was pending is lost, and counted', async () => {
    const { emit, clock, journal, errors, file } = rig()
    const { lock } = holder(file)
    lock()
    emit('a', 3)
    const closing = journal.close()
    await clock.advance(5_000)
    await expect(closing).resolves.toBeUndefined()
    expect([errors, journal.lost]).toEqual([[locked], 3])
  })

  it('is opened with a later event, where it was locked from the start', async () => {
    const file = newFile()
    const { lock, unlock } = holder(file)
    openDatabase(file, journalSchema).close()
    lock()
    const { emit, kept, errors, clock } = rig({ file })
    expect(errors).toEqual([locked])
    await clock.advance(1_000)
    unlock()
    emit('a')
    await turns(2)
    expect(kept('a')).toEqual([1])
  }, 30_000)
})

describe('a journal whose file is taken away', () => {
  it.each<[string, (file: string) => void]>([
    ['removed', (file) => rmSync(file)],
    ['renamed', (file) => renameSync(file, `${file}.old`)],
    ['robbed of its WAL', (file) => rmSync(`${file}-wal`)],
  ])('says so once when it was %s, and begins another one', async (_, take) => {
    const { emit, kept, clock, errors, file } = rig()
    emit('a')
    await turns(2)
    take(file)
    emit('a', 1, 2)
    await turns(2)
    expect(errors).toEqual([gone])
    await clock.advance(1_000)
    emit('a', 1, 3)
    await turns(2)
    expect(kept('a').slice(-2)).toEqual([2, 3])
    expect(errors).toEqual([gone])
  })

  it('leaves the file of something else that has taken its place as it is', async () => {
    const { emit, clock, errors, journal, file } = rig()
    for (const each of [file, `${file}-wal`, `${file}-shm`]) rmSync(each)
    writeFileSync(file, 'not a database')
    for (let i = 1; i < 4; i++) {
      emit('a', 1, i)
      await clock.advance(1_000)
    }
    expect(errors).toEqual([gone])
    await journal.close()
    expect(journal.lost).toBe(3)
  })

  it('does not hold the thread up where the file that has taken its place is locked', async () => {
    const { emit, kept, clock, errors, file } = rig()
    for (const each of [file, `${file}-wal`, `${file}-shm`]) rmSync(each)
    openDatabase(file, journalSchema).close()
    const { lock, unlock } = holder(file)
    lock()
    emit('a')
    await clock.advance(1_000)
    const began = performance.now()
    emit('a', 1, 2)
    await turns(2)
    expect(performance.now() - began).toBeLessThan(4_000)
    unlock()
    await clock.advance(1_000)
    emit('a', 1, 3)
    await turns(2)
    expect(kept('a')).toEqual([1, 2, 3])
    expect(errors).toEqual([gone])
  })

  it('waits for its directory, also at the start', async () => {
    const file = join(newFile(), 'journal.db')
    const { emit, errors, clock, journal } = rig({ file })
    expect(errors).toEqual([expect.objectContaining({ code: 'ALARM_STORAGE_FAILED', passes: true })])
    await clock.advance(1_000)
    emit('a')
    await turns(2)
    expect([existsSync(file), errors.length]).toEqual([false, 1])
    await journal.close()
    expect(journal.lost).toBe(1)
  })
})

/** A journal whose file may not grow. */
function full() {
  const { prepare } = DatabaseSync.prototype
  let db: DatabaseSync | null = null
  const preparing = vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (
    this: DatabaseSync,
    sql,
  ) {
    db = this
    return prepare.call(this, sql)
  })
  const made = rig()
  preparing.mockRestore()
  const limit = (pages: number): void => void db!.prepare(`PRAGMA max_page_count = ${pages}`).get()
  return { ...made, fill: () => limit(1), makeRoom: () => limit(1_000_000) }
}

describe('a journal whose disk is full', () => {
  it('says so once, and writes what it still has when there is room', async () => {
    const { emit, kept, clock, errors, journal, fill, makeRoom } = full()
    fill()
    const { commits } = counted()
    for (let i = 0; i < 20; i++) {
      emit('a', 50, 50 * i + 1)
      await clock.advance(100)
    }
    expect(errors).toEqual([expect.objectContaining({ code: 'ALARM_STORAGE_FAILED', passes: true })])
    expect(commits()).toBe(1) // the first turn still fitted
    makeRoom()
    await clock.advance(1_000)
    emit('a', 1, 1_001)
    await turns(2)
    expect(kept('a').slice(-101)).toEqual(numbers(901, 1_001))
    expect(journal.lost).toBe(0)
  })
})

describe('an alarm whose journal fails', () => {
  it('goes on as if there were none', async () => {
    const file = newFile()
    const errors: unknown[] = []
    const fleet = openFleet({
      load: () => of({ time: null, epoch: 1 }),
      commit: () => EMPTY,
      write: () => EMPTY,
    })
    const seen: string[] = []
    const journal = recordJournal(fleet, { file, onError: (error) => errors.push(error) })
    fleet.events$.subscribe(({ kind }) => seen.push(kind))
    rmSync(file)
    fleet.actor('a').set(5)
    await turns(2)
    fleet.actor('a').set(4)
    await fleet.actor('a').confirmed()
    expect(errors).toEqual([gone])
    expect(seen.filter((kind) => kind === 'commit-acknowledged')).toHaveLength(2)
    await fleet.close()
    await journal.close()
    expect(readJournal({ file, key: 'a' }).events.length).toBeGreaterThan(8) // at the end it was tried again
  })

  it('is not reached by what onError throws, which is loud', async () => {
    const wrong = new Error('onError')
    const { events$, emit, clock, file } = rig({
      onError: () => {
        throw wrong
      },
    })
    for (const each of [file, `${file}-wal`, `${file}-shm`]) rmSync(each)
    writeFileSync(file, 'not a database')
    const thrown: unknown[] = []
    for (let i = 0; i < 3; i++) {
      thrown.push(...(await uncaughtDuring(() => emit('a'))))
      await clock.advance(1_000)
    }
    expect(thrown).toEqual([wrong])
    expect(events$.observed).toBe(true)
  })

  it('warns by way of the process where nothing else is asked for', async () => {
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    const file = newFile()
    const { emit } = rig({ file, onError: undefined as never })
    rmSync(file)
    emit('a')
    await turns(2)
    expect(warning.mock.calls).toEqual([
      [
        expect.stringMatching(/^The journal is not written for now\. The database file/),
        { code: 'ALARM_STORAGE_GONE' },
      ],
    ])
  })
})
