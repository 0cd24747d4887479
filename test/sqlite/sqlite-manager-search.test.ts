import { DatabaseSync } from 'node:sqlite'
import { lastValueFrom, NEVER, throwError, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { sqliteLedger } from '../../src/sqlite/sqlite-ledger.ts'
import { sqliteReader } from '../../src/sqlite/sqlite-reader.ts'
import type { SearchOptions } from '../../src/vocabulary/listed-alarm.ts'
import { rigOf } from '../manager-contract.ts'
import { virtualClock } from '../virtual-clock.ts'
import { newFile, newManager } from './files.ts'

const MINUTE = 60_000

function stage() {
  const clock = virtualClock()
  const file = newFile()
  const rig = rigOf(newManager({ file, scheduler: clock }), clock)
  const found = async (options: SearchOptions): Promise<string[]> =>
    (await lastValueFrom(rig.manager.search(options).pipe(toArray()))).map(({ key }) => key)
  return { file, found, ...rig }
}

describe('search', () => {
  it('finds what begins so, in the order of the code points, and nothing else', async () => {
    const { t0, write, found } = stage()
    const keys = [
      'a',
      'a\u0000b',
      'ab',
      'a\ud7ff',
      'a\ue000',
      'a\u{10ffff}',
      'a\u{10ffff}z',
      'b',
      '\u{10ffff}x',
      '',
    ]
    // The later ones are due first: their order is not this one.
    for (const [i, key] of keys.entries()) await write(key, t0 + (keys.length - i) * MINUTE, 1)
    expect(await found({ prefix: 'a' })).toEqual(keys.slice(0, 7))
    expect(await found({ prefix: 'ab' })).toEqual(['ab'])
    expect(await found({ prefix: 'a\ud7ff' })).toEqual(['a\ud7ff'])
    expect(await found({ prefix: 'a\u{10ffff}' })).toEqual(['a\u{10ffff}', 'a\u{10ffff}z'])
    expect(await found({ prefix: '\u{10ffff}' })).toEqual(['\u{10ffff}x'])
    expect(await found({ prefix: '' })).toEqual(['', ...keys.slice(0, 9)])
    expect(await found({ prefix: 'c' })).toEqual([])
  })

  it('goes on after a key, and no further than it is asked to', async () => {
    const { t0, write, found } = stage()
    for (const key of ['a1', 'a2', 'a3', 'b1']) await write(key, t0 + MINUTE, 1)
    expect(await found({ prefix: 'a', limit: 2 })).toEqual(['a1', 'a2'])
    expect(await found({ prefix: 'a', after: 'a2' })).toEqual(['a3'])
    expect(await found({ prefix: 'a', after: 'a25' })).toEqual(['a3'])
    expect(await found({ prefix: 'a', limit: 0 })).toEqual([])
  })

  it('passes over any number of removals, over pages', async () => {
    const { t0, clock, manager, found } = stage()
    const keys = Array.from({ length: 1_200 }, (_, i) => `k${String(i).padStart(5, '0')}`)
    const write = (key: string, time: number | null, fence: number) =>
      manager.write(key, time, { key, move: 'later', fence, attempt: 1 })
    const written = Promise.all(keys.map((key) => write(key, t0 + MINUTE, 1)))
    await clock.advance(0)
    await written
    const removed = Promise.all(keys.slice(0, 1_100).map((key) => write(key, null, 2)))
    await clock.advance(0)
    await removed
    expect(await found({ prefix: 'k' })).toEqual(keys.slice(1_100))
  })

  it('says what each is, as the list does', async () => {
    const { t0, clock, manager, write, deliver } = stage()
    await manager.pause({ prefix: 'p' })
    for (const key of ['p', 'w', 'f']) await write(key, t0, 1)
    deliver(({ key }) => (key === 'w' ? NEVER : throwError(() => ({ retry: false }))))
    await clock.advance(1_000)
    const all = await lastValueFrom(manager.search({ prefix: '' }).pipe(toArray()))
    const listed = await lastValueFrom(manager.list().pipe(toArray()))
    expect(all.map(({ state }) => state)).toEqual(['failed', 'due', 'delivering'])
    expect(all.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual(
      listed.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    )
  })

  it.each([
    [null, 'ALARM_CONFIG_INVALID'],
    [{}, 'ALARM_KEY_INVALID'],
    [{ prefix: '\ud800' }, 'ALARM_KEY_INVALID'],
    [{ prefix: 'a', after: 'b' }, 'ALARM_CONFIG_INVALID'],
    [{ prefix: 'a', limit: -1 }, 'ALARM_CONFIG_INVALID'],
    [{ prefix: 'a', state: 'due' }, 'ALARM_CONFIG_INVALID'],
  ])('refuses %j', (options, code) => {
    const { manager } = stage()
    expect(() => manager.search(options as SearchOptions)).toThrow(expect.objectContaining({ code }))
  })

  it('is of a file that is open', async () => {
    const { file, manager } = stage()
    const reader = sqliteReader(file)
    expect(await lastValueFrom(reader.search({ prefix: '' }).pipe(toArray()))).toEqual([])
    await reader.close()
    await manager.close()
    const closed = expect.objectContaining({ code: 'ALARM_CLOSED' })
    expect(() => manager.search({ prefix: '' })).toThrow(closed)
    await expect(manager.countDue({ from: 0, until: 1, parts: 1 })).rejects.toEqual(closed)
  })
})

describe('countDue', () => {
  it('counts each part by when it is looked at next, the failed ones and the removed ones in none', async () => {
    const { t0, clock, manager, write, deliver } = stage()
    const span = (from: number, until: number, parts: number) =>
      manager.countDue({ from: t0 + from, until: t0 + until, parts })
    await write('failed', t0, 1)
    const { stop } = deliver(() => throwError(() => ({ retry: false })))
    await clock.advance(0)
    stop()
    for (const [i, at] of [9, 10, 19, 20, 20, 39, 40].entries()) await write(`k${i}`, t0 + at, 1)
    await write('removed', t0 + 15, 1)
    await write('removed', null, 2)
    expect(await span(10, 40, 3)).toEqual([2, 2, 1])
    expect(await span(0, 50, 1)).toEqual([7])
    expect(await span(9, 12, 10)).toEqual([1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  })

  it('counts what was set aside', async () => {
    const { t0, clock, manager, write, deliver } = stage()
    await manager.pause()
    await write('a', t0, 1)
    deliver()
    await clock.advance(1_000)
    expect(await manager.countDue({ from: t0, until: t0 + 10, parts: 1 })).toEqual([1])
  })

  it.each([
    [null],
    [{ from: 0, until: 0, parts: 1 }],
    [{ from: 0, until: 9, parts: 0 }],
    [{ from: 0, until: 9, parts: 1_001 }],
    [{ from: 0, until: 9, parts: 1, key: 'a' }],
  ])('refuses %j', async (span) => {
    const { manager } = stage()
    await expect(manager.countDue(span as never)).rejects.toMatchObject({ code: 'ALARM_CONFIG_INVALID' })
  })
})

describe('the indexes', () => {
  const excerpt = {
    after: null,
    failed: false,
    begun: true,
    prefix: '',
    before: Number.MAX_SAFE_INTEGER,
    limit: 9,
  }

  it('lead to those that were delivered once, in their order, where these are few', async () => {
    const { t0, clock, file, write, deliver } = stage()
    for (const key of ['b', 'a']) await write(key, t0, 1)
    for (let i = 0; i < 9; i++) await write(`later${i}`, t0 + MINUTE, 1)
    deliver(() => NEVER)
    await clock.advance(0)
    const db = new DatabaseSync(file)
    const ledger = sqliteLedger(db)
    expect(ledger.page(excerpt).map(({ key }) => key)).toEqual(['b', 'a'])
    const { time } = ledger.read('b')!
    expect(ledger.page({ ...excerpt, after: { at: (time as number) + 30_000, key: 'b' } })).toMatchObject([
      { key: 'a' },
    ])
    expect(ledger.page({ ...excerpt, begun: false })).toHaveLength(9)
    db.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10001)
      INSERT INTO alarm (key, time, fence, set_by, due, counted, uncounted, begun, changed_at)
      SELECT 'many' || i, ${t0}, 1, 1, ${t0 + 2 * MINUTE}, 1, 0, 1, ${t0} FROM n`)
    expect(ledger.page(excerpt).map(({ key }) => key)).toContain('later0')
    db.close()
  })

  it('are what every statement goes by: none looks at each alarm', () => {
    const file = newFile()
    newManager({ file })
    const db = new DatabaseSync(file)
    const statements: string[] = []
    const prepare = db.prepare.bind(db)
    db.prepare = (sql) => {
      statements.push(sql)
      return prepare(sql)
    }
    sqliteLedger(db)
    expect(statements.length).toBeGreaterThan(25)
    const plans = statements.map((sql) =>
      prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map(({ detail }) => String(detail)),
    )
    const each = plans.flat().filter((step) => /^SCAN alarm\b/.test(step))
    // What is counted as a whole is counted by the index alone; others have one of their own.
    expect(
      each.filter((step) => !/ INDEX alarm_(?:waiting|removed|aside)| COVERING INDEX alarm_due/.test(step)),
    ).toEqual([])
    expect(plans.flat().join()).toMatch(
      /SEARCH alarm USING INDEX sqlite_autoindex_alarm_1 \(key>\? AND key<\?\)/,
    )
    db.close()
  })
})
