import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { memoryManager, openFleet } from '../../src/index.ts'
import { sqliteManager, sqliteStore, sqliteStores } from '../../src/sqlite/index.ts'
import { rigOf, settled } from '../manager-contract.ts'
import { virtualClock } from '../virtual-clock.ts'
import { newFile } from './files.ts'

const opened: { close(): unknown }[] = []
afterEach(() => {
  for (const one of opened.splice(0).reverse()) one.close()
})

/** A file in a directory of its own, by way of a symbolic link. */
function place(): { file: string; link: string; away: string } {
  const directory = newFile()
  mkdirSync(directory)
  const file = join(directory, 'a.db')
  const link = newFile()
  writeFileSync(file, '')
  symlinkSync(file, link)
  return { file, link, away: newFile() }
}

type Place = ReturnType<typeof place>

const ways: [string, (place: Place) => void][] = [
  ['removed', ({ file }) => rmSync(file)],
  ['renamed', ({ file, away }) => renameSync(file, away)],
  [
    'replaced by another',
    ({ file, away }) => {
      writeFileSync(away, '')
      renameSync(away, file)
    },
  ],
  ['robbed of its WAL', ({ file }) => rmSync(`${file}-wal`)],
  ['robbed of the index of its WAL', ({ file }) => rmSync(`${file}-shm`)],
  ['in a directory that was renamed', ({ file, away }) => renameSync(dirname(file), away)],
  ['in a directory that was removed', ({ file }) => rmSync(dirname(file), { recursive: true })],
  [
    'behind a link that leads elsewhere by now',
    ({ link, away }) => {
      rmSync(link)
      writeFileSync(away, '')
      symlinkSync(away, link)
    },
  ],
]

const gone = expect.objectContaining({ code: 'ALARM_STORAGE_GONE', counted: false })

describe.each(ways)('a database file that is %s while it is open', (_, take) => {
  it('acknowledges no write of a manager, and ends its deliveries', async () => {
    const where = place()
    const clock = virtualClock()
    const manager = sqliteManager({ file: where.link, scheduler: clock })
    opened.push(manager)
    const { write, deliver, t0 } = rigOf(manager, clock)
    const { delivered, outcome } = deliver()
    expect(await write('a', t0 + 5, 1)).toBe('done')
    take(where)
    expect(await write('a', t0 + 9, 2)).toEqual(gone)
    expect(await write('b', t0 + 9, 2)).toEqual(gone)
    await clock.advance(10)
    expect(delivered).toEqual([])
    expect(outcome()).toEqual(gone)
  })

  it('breaks a store with the next commit, for good', async () => {
    const where = place()
    const store = sqliteStore({ file: where.link, key: 'a', manager: memoryManager(), reconcile: false })
    opened.push(store)
    store.put('x', 1)
    expect(await settled(store.alarm.drained())).toBe('a value')
    take(where)
    expect(() => store.transaction(() => store.put('x', 2))).toThrow(expect.objectContaining({ cause: gone }))
    expect(() => store.put('x', 3)).toThrow(expect.objectContaining({ cause: gone }))
  })

  it('breaks the actors of stores with the next commit, and loads none', async () => {
    const where = place()
    const stores = sqliteStores({ file: where.link, manager: memoryManager() })
    const fleet = openFleet(stores)
    opened.push(stores, fleet)
    const a = fleet.actor('a')
    a.setIn(60_000)
    expect(await settled(a.drained())).toBe('a value')
    take(where)
    a.setIn(30_000)
    expect(await settled(a.confirmed())).toMatchObject({ code: 'ALARM_COMMIT_FAILED', cause: gone })
    const b = fleet.actor('b')
    b.setIn(60_000)
    expect(await settled(b.confirmed())).toMatchObject({ code: 'ALARM_LOAD_FAILED', cause: gone })
    expect(() => stores.sql.exec('CREATE TABLE t (x)')).toThrow(gone)
  })
})

describe('a database file that was put back', () => {
  it('is refused by what had it open, and works once it is opened again', async () => {
    const { file, away } = place()
    const clock = virtualClock()
    const first = sqliteManager({ file, scheduler: clock })
    const { write, t0 } = rigOf(first, clock)
    await write('a', t0 + 5, 1)
    renameSync(file, away)
    expect(await write('a', t0 + 9, 2)).toEqual(gone)
    renameSync(away, file)
    expect(await write('a', t0 + 9, 3)).toEqual(gone)
    first.close()
    const second = sqliteManager({ file, scheduler: clock })
    opened.push(second)
    expect(await rigOf(second, clock).write('a', t0 + 9, 4)).toBe('done')
  })
})
