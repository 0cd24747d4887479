import { copyFileSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { EMPTY, of, throwError } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { type AlarmEvent, openAlarm, openFleet } from '../../../src/index.ts'
import type { JournalSource } from '../../../src/sqlite/journal/journal-options.ts'
import { readJournal } from '../../../src/sqlite/journal/read-journal.ts'
import { recordJournal } from '../../../src/sqlite/journal/record-journal.ts'
import { turns, virtualClock } from '../../virtual-clock.ts'
import { newFile, newManager } from '../files.ts'
import { counted, eventOf, numbers, rig } from './rig.ts'

describe('a journal', () => {
  it('has what happened to an alarm, in order', async () => {
    const file = newFile()
    const alarm = openAlarm({ key: '42', commit: () => EMPTY, write: () => EMPTY, scheduler: virtualClock() })
    const emitted: AlarmEvent[] = []
    alarm.events$.subscribe((event) => emitted.push(event))
    const journal = recordJournal(alarm, { file })
    alarm.set(5)
    alarm.deliver({ scheduledTime: 5 }, () => EMPTY).subscribe()
    await journal.close()
    expect(emitted.length).toBeGreaterThan(8)
    expect(readJournal({ file, key: '42' })).toEqual({ events: emitted, before: 0 })
  })

  it('has what happened to each actor of a fleet, and its end', async () => {
    const file = newFile()
    const fleet = openFleet({
      load: (key) => (key === 'bad' ? throwError(() => new Error('no')) : of({ time: null, epoch: 1 })),
      commit: () => EMPTY,
      write: () => EMPTY,
    })
    const journal = recordJournal(fleet, { file })
    for (const key of ['a', 'b']) fleet.actor(key).set(5)
    expect(() => fleet.actor('bad').set(5)).toThrow('did not load')
    await fleet.close()
    await turns()
    const kinds = (key: string) => readJournal({ file, key }).events.map(({ kind }) => kind)
    expect(kinds('a')).toEqual(kinds('b'))
    expect(kinds('a')).toContain('commit-acknowledged')
    const failed = readJournal({ file, key: 'bad' }).events.find(({ kind }) => kind === 'load-failed')
    expect(failed).toMatchObject({
      key: 'bad',
      error: { name: 'AlarmError', code: 'ALARM_LOAD_FAILED', message: expect.stringContaining('no') },
    })
    await journal.close()
  })

  it('commits all that happens in a turn at once, of however many actors, wherever in the turn it comes from', async () => {
    const { emit, kept } = rig()
    const { commits } = counted()
    for (let i = 0; i < 50; i++) emit(`${i}`, 3)
    await null
    emit('0', 3, 4)
    process.nextTick(() => emit('0', 3, 7))
    expect(commits()).toBe(0)
    await turns(2)
    expect(commits()).toBe(1)
    expect(kept('0')).toEqual(numbers(1, 9))
    expect(kept('49')).toEqual([1, 2, 3])
    emit('0', 1, 10)
    await turns(2)
    expect(commits()).toBe(2)
    await turns(4)
    expect(commits()).toBe(2)
  })

  it('does not wait for the disk', () => {
    const { prepare } = DatabaseSync.prototype
    let db: DatabaseSync | null = null
    const prepared = vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (
      this: DatabaseSync,
      sql,
    ) {
      db = this
      return prepare.call(this, sql)
    })
    rig()
    prepared.mockRestore()
    expect(db!.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 1 })
  })

  it('keeps the last events of each actor, in whole turns', async () => {
    const { emit, kept, read } = rig({ keep: 10 })
    emit('quiet', 3)
    for (let i = 0; i < 100; i++) {
      emit('busy', 3, 3 * i + 1)
      await turns(2)
    }
    expect(kept('busy')).toEqual(numbers(289, 300))
    expect(read('busy').before).toBe(288)
    expect(kept('quiet')).toEqual([1, 2, 3])
    expect(read('quiet').before).toBe(0)
  })

  it('keeps no more than that of one long turn', async () => {
    const { emit, kept, journal } = rig({ keep: 10 })
    emit('a', 10_000)
    await turns(2)
    expect(kept('a').length).toBeLessThan(20)
    expect(kept('a').slice(-10)).toEqual(numbers(9_991, 10_000))
    expect(journal.lost).toBe(0)
  })

  it('loses nothing where one turn is long, and holds little of it', async () => {
    const { emit, kept, journal } = rig()
    const { commits } = counted()
    for (let i = 0; i < 60_000; i++) emit(`${i}`)
    expect(commits()).toBeGreaterThan(0)
    await turns(2)
    expect(journal.lost).toBe(0)
    expect(kept('0')).toEqual([1])
    expect(kept('59999')).toEqual([1])
  })

  it('goes on in the file after a restart, and says where', async () => {
    const first = rig({ keep: 10 })
    first.emit('a', 6)
    await first.journal.close()
    const second = rig({ file: first.file, keep: 10 })
    second.emit('a', 2, 7)
    second.emit('b')
    await second.journal.close()
    expect(second.read('a').events.map(({ at, kind }) => [at, kind])).toEqual([
      ...numbers(1, 6).map((at) => [at, 'commit-issued']),
      [7, 'recording-began'],
      [7, 'commit-issued'],
      [8, 'commit-issued'],
    ])
    expect(second.kept('b')).toEqual([1])
    const third = rig({ file: first.file, keep: 10 })
    third.emit('a', 8, 9)
    await third.journal.close()
    expect(third.read('a')).toMatchObject({ before: 6 })
  })

  it('may be that of two recordings at a time', async () => {
    const one = rig()
    const other = rig({ file: one.file })
    one.emit('a')
    other.emit('b')
    await turns(2)
    one.emit('a', 1, 2)
    await turns(2)
    expect([one.kept('a'), one.kept('b')]).toEqual([[1, 2], [1]])
  })

  it('is read while it is written', async () => {
    const { emit, kept, file } = rig()
    const reader = new DatabaseSync(file, { readOnly: true })
    emit('a')
    await turns(2)
    reader.exec('BEGIN')
    const count = () => reader.prepare('SELECT count(*) AS n FROM turn').get()
    expect(count()).toEqual({ n: 1 })
    emit('a', 1, 2)
    await turns(2)
    expect(kept('a')).toEqual([1, 2])
    expect(count()).toEqual({ n: 1 })
    reader.close()
  })

  it('is not changed by what reads it, also where it was not closed', async () => {
    const { emit, file } = rig()
    emit('a')
    await turns(2)
    const copy = newFile()
    for (const end of ['', '-wal']) copyFileSync(`${file}${end}`, `${copy}${end}`)
    const bytes = () => ['', '-wal'].map((end) => readFileSync(`${copy}${end}`).toString('base64'))
    const before = bytes()
    expect(readJournal({ file: copy, key: 'a' }).events).toHaveLength(1)
    expect(bytes()).toEqual(before)
  })

  it('keeps actors apart whose keys look alike', async () => {
    const { emit, kept } = rig()
    const keys = ['', 'a', 'a\0', 'a\0b', '\u{1f600}', '%']
    for (const [i, key] of keys.entries()) emit(key, i + 1)
    await turns(2)
    expect(keys.map((key) => kept(key).length)).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('stays below maxBytes: the oldest events go, of all actors', async () => {
    const maxBytes = 1024 * 1024
    const { emit, kept, file } = rig({ maxBytes })
    for (let turn = 0; turn < 150; turn++) {
      for (let i = 0; i < 100; i++) emit(`${turn % 2} ${i}`, 2, 2 * turn + 1)
      await turns(2)
    }
    const outside = new DatabaseSync(file, { readOnly: true })
    const [pages, free] = ['page_count', 'freelist_count'].map(
      (name) => outside.prepare(`PRAGMA ${name}`).get()![name] as number,
    )
    outside.close()
    expect(pages! * 4_096).toBeLessThan(1.2 * maxBytes)
    expect((pages! - free!) * 4_096).toBeGreaterThan(0.7 * maxBytes)
    expect(kept('1 99').at(-1)).toBe(300)
    expect(kept('1 99').length).toBeLessThan(100)
  })

  it.each([
    ['an error that broke the alarm', 'errored'],
    ['its completion', 'completed'],
  ])('ends with its source, and has %s', async (_, kind) => {
    const { events$, emit, read } = rig()
    emit('a', 2)
    if (kind === 'errored') events$.error(Object.assign(new Error('broken'), { code: 'E' }))
    else events$.complete()
    await turns(2)
    const error = { name: 'Error', message: 'broken', code: 'E' }
    expect(read('a').events.at(-1)).toEqual({
      at: 2,
      key: 'a',
      kind,
      ...(kind === 'errored' && { error }),
    })
  })

  it('gives no actor an end that may be that of others', async () => {
    const { events$, emit, kept } = rig()
    emit('a')
    emit('b')
    events$.complete()
    await turns(2)
    expect([kept('a'), kept('b')]).toEqual([[1], [1]])
  })

  it('lets go of the file when its source has ended', async () => {
    const closing = vi.spyOn(DatabaseSync.prototype, 'close')
    const { events$ } = rig()
    events$.complete()
    await turns(1)
    expect(closing).toHaveBeenCalledTimes(1)
  })

  it('writes what is left when it is closed, and has done so when close returns', async () => {
    const { emit, kept, events$, journal } = rig()
    emit('a')
    const closed = journal.close()
    expect(kept('a')).toEqual([1])
    expect(events$.observed).toBe(false)
    expect(journal.close()).toBe(closed)
    expect(journal[Symbol.asyncDispose]()).toBe(closed)
    await expect(closed).resolves.toBeUndefined()
    emit('a')
    await turns(2)
    expect(kept('a')).toEqual([1])
  })

  it('takes what is no event of ours', async () => {
    const { events$, emit, kept, errors } = rig()
    for (const odd of [
      null,
      5,
      'text',
      {},
      { key: 5, at: 'x', kind: 5n },
      {
        key: 'a',
        get at() {
          throw new Error()
        },
      },
    ])
      events$.next(odd as never)
    emit('a')
    await turns(2)
    expect(errors).toEqual([])
    expect(kept('a')).toEqual([0, 1])
    const other = rig()
    other.events$.next({ key: 'a', at: 'x', kind: 'intent' } as never)
    other.events$.complete()
    expect(other.kept('a')).toEqual(['x', 0])
    expect(kept('')).toHaveLength(5)
  })

  it('records what it is given to record: an alarm whose state is in another file', async () => {
    const manager = newManager()
    const file = newFile()
    const alarm = openAlarm({ commit: () => EMPTY, write: (time, info) => manager.write('', time, info) })
    const journal = recordJournal(alarm, { file })
    alarm.set(Date.now() + 60_000)
    await alarm.drained()
    await journal.close()
    expect(readJournal({ file, key: '' }).events.map(({ kind }) => kind)).toContain('drained')
  })

  it.each<[string, unknown, unknown]>([
    ['What a journal records', {}, { file: 'x' }],
    ['What a journal records', null, { file: 'x' }],
    ['The options of a journal', { events$: EMPTY }, undefined],
    ['recordJournal has no option "kepe"', { events$: EMPTY }, { file: 'x', kepe: 5 }],
    ['keep', { events$: EMPTY }, { file: 'x', keep: 9 }],
    ['keep', { events$: EMPTY }, { file: 'x', keep: 10.5 }],
    ['keep', { events$: EMPTY }, { file: 'x', keep: 10_001 }],
    ['maxBytes', { events$: EMPTY }, { file: 'x', maxBytes: 1_000 }],
    ['redact', { events$: EMPTY }, { file: 'x', redact: 'all' }],
    ['onError', { events$: EMPTY }, { file: 'x', onError: 5 }],
    ['scheduler', { events$: EMPTY }, { file: 'x', scheduler: {} }],
    ['file', { events$: EMPTY }, {}],
    ['file', { events$: EMPTY }, { file: '' }],
  ])('%s is refused where it cannot work: %j %j', (said, source, options) => {
    expect(() => recordJournal(source as JournalSource, options as never)).toThrow(
      expect.objectContaining({ code: 'ALARM_CONFIG_INVALID', message: expect.stringContaining(said) }),
    )
  })

  it('takes the least and the most of its options', () => {
    for (const options of [
      { keep: 10, maxBytes: 1024 * 1024 },
      { keep: 10_000, maxBytes: Number.MAX_SAFE_INTEGER },
    ])
      expect(rig(options).journal.lost).toBe(0)
  })

  it('refuses the file of something else, and leaves it as it was', async () => {
    const manager = newManager({ file: newFile() })
    const file = newFile()
    const other = new DatabaseSync(file)
    other.exec('CREATE TABLE mine (a)')
    other.close()
    const refused = expect.objectContaining({ code: 'ALARM_STORAGE_INVALID' })
    expect(() => rig({ file })).toThrow(refused)
    expect(() => readJournal({ file, key: 'a' })).toThrow(refused)
    const again = new DatabaseSync(file)
    expect(again.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' })
    again.close()
    await manager.close()
    expect(() => readJournal({ file: newFile(), key: 'a' })).toThrow(
      expect.objectContaining({ code: 'ALARM_STORAGE_GONE' }),
    )
  })

  it('has nothing of an actor that it knows nothing of', async () => {
    const { read, emit } = rig()
    emit('a')
    await turns(2)
    expect(read('b')).toEqual({ events: [], before: 0 })
    expect(read('a').events).toEqual([eventOf('a', 1)])
  })
})
