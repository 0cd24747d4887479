import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { concat, EMPTY, ignoreElements, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { type AlarmTime, type Fleet, openFleet } from '../../../src/index.ts'
import {
  type ActorStore,
  type SqliteManager,
  type SqliteStores,
  sqliteManager,
  sqliteStore,
  sqliteStores,
} from '../../../src/sqlite/index.ts'
import { newFile } from '../../sqlite/files.ts'

const AT = 4_000_000_000_000

function read<T>(file: string, sql: string): T {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    return Object.values(db.prepare(sql).get() ?? { none: null })[0] as T
  } finally {
    db.close()
  }
}

/** All orders of some things. */
function orders<T>(things: readonly T[]): T[][] {
  if (things.length < 2) return [[...things]]
  return things.flatMap((first) =>
    orders(things.filter((one) => one !== first)).map((rest) => [first, ...rest]),
  )
}

interface World {
  readonly manager: SqliteManager
  readonly store: ActorStore
  readonly stores: SqliteStores
  readonly fleet: Fleet
}

const moments: Record<string, () => unknown> = {
  'at once': () => {},
  'a microtask later': () => Promise.resolve(),
  'a turn later': () => setImmediate(),
}

describe('what has returned is kept', () => {
  const files = { alarms: '', actor: '', actors: '' }

  function openWorld(): World {
    files.alarms = newFile()
    files.actor = newFile()
    files.actors = newFile()
    const manager = sqliteManager({ file: files.alarms })
    const store = sqliteStore({ file: files.actor, key: 'one', manager })
    const stores = sqliteStores({ file: files.actors, manager })
    return { manager, store, stores, fleet: openFleet(stores) }
  }

  /** Of what each of them was asked, what is there. */
  function kept(): unknown {
    const held = (key: string): AlarmTime => read(files.alarms, `SELECT time FROM alarm WHERE key = '${key}'`)
    return {
      value: read(files.actor, 'SELECT count(*) FROM _nolater_values'),
      store: [read(files.actor, 'SELECT alarm FROM _nolater_actor'), held('one')],
      job: read(files.actors, 'SELECT count(*) FROM job'),
      fleet: [read(files.actors, "SELECT alarm FROM _nolater_actors WHERE key = 'a'"), held('a')],
    }
  }
  const all = { value: 1, store: [AT, AT], job: 1, fleet: [AT, AT] }

  const asks: Record<string, (world: World) => void> = {
    'a transaction': ({ store, stores, fleet }) => {
      store.transaction(() => {
        store.put('k', 'v')
        store.alarm.set(AT)
      })
      stores.change('a', (sql) => sql.run("INSERT INTO job VALUES ('tea')"))
      fleet.actor('a').set(AT)
    },
    'a bare set': ({ store, stores, fleet }) => {
      store.alarm.set(AT)
      store.put('k', 'v')
      fleet.actor('a').set(AT)
      stores.change('a', (sql) => sql.run("INSERT INTO job VALUES ('tea')"))
    },
    'a change alone, behind an alarm': ({ store, stores, fleet }) => {
      store.alarm.set(AT)
      store.put('k', 'v')
      fleet.actor('a').set(AT)
      fleet.actor('a').touch()
      stores.change('a', (sql) => sql.run("INSERT INTO job VALUES ('tea')"))
    },
  }

  async function closeAll(ask: (world: World) => void, wait: () => unknown, order: readonly (keyof World)[]) {
    const world = openWorld()
    world.stores.sql.exec('CREATE TABLE job (name TEXT)')
    ask(world)
    await wait()
    for (const name of order) void world[name].close()
    expect(kept()).toEqual(all) // synchronously: SQLite is
    for (const name of order) await world[name].close()
  }

  const documented = ['store', 'fleet', 'stores', 'manager'] as const
  for (const [what, ask] of Object.entries(asks)) {
    it.each(Object.entries(moments))(`${what}, closed %s`, (_, wait) => closeAll(ask, wait, documented))
  }

  it.each(orders(documented))('in this order: %s, %s, %s, %s', async (...order) => {
    await closeAll(asks['a bare set']!, () => {}, order)
  })

  it('a change alone of an actor in memory, in the turn in which it is closed', async () => {
    const world = openWorld()
    const { fleet, stores, manager, store } = world
    stores.sql.exec('CREATE TABLE job (name TEXT)')
    await fleet.actor('a').drained()
    stores.change('a', (sql) => sql.run("INSERT INTO job VALUES ('tea')"))
    void fleet.close()
    expect(read(files.actors, 'SELECT count(*) FROM job')).toBe(1)
    await Promise.all([stores.close(), store.close(), manager.close()])
  })

  it.each(orders(['manager', 'store', 'fleet'] as const))(
    'where it takes turns of the event loop: %s, %s, %s',
    async (...order) => {
      files.actor = newFile()
      files.actors = newFile()
      files.alarms = newFile()
      const inner = sqliteManager({ file: files.alarms })
      const manager = {
        ...inner,
        write: (...write: Parameters<typeof inner.write>) =>
          concat(timer(2).pipe(ignoreElements()), inner.write(...write)),
      }
      const store = sqliteStore({ file: files.actor, key: 'one', manager, replicate: () => timer(2) })
      const stores = sqliteStores({ file: files.actors, manager })
      const fleet = openFleet(stores)
      store.alarm.set(AT)
      fleet.actor('a').set(AT)
      const world = { manager, store, fleet }
      const closed = order.map((name) => world[name].close())
      const codes: string[] = []
      manager.deliveries(() => EMPTY).subscribe({ error: ({ code }) => codes.push(code) })
      expect(codes).toEqual(['ALARM_CLOSED']) // though its file is open until all of it is there
      await Promise.all(closed)
      await stores.close()
      expect([
        read(files.actor, 'SELECT alarm FROM _nolater_actor'),
        read(files.actors, 'SELECT alarm FROM _nolater_actors'),
      ]).toEqual([AT, AT])
      expect(read(files.alarms, 'SELECT count(*) FROM alarm WHERE time IS NOT NULL')).toBe(2)
    },
  )

  it('by each that is awaited, too', async () => {
    const world = openWorld()
    world.stores.sql.exec('CREATE TABLE job (name TEXT)')
    asks['a transaction']!(world)
    for (const name of ['manager', 'store', 'stores', 'fleet'] as const) await world[name].close()
    expect(kept()).toEqual(all)
  })

  it('by `await using`', async () => {
    const world = openWorld()
    world.stores.sql.exec('CREATE TABLE job (name TEXT)')
    asks['a bare set']!(world)
    for (const name of ['fleet', 'stores', 'store', 'manager'] as const)
      await world[name][Symbol.asyncDispose]()
    expect(kept()).toEqual(all)
    expect(() => world.store.put('k', 2)).toThrow(expect.objectContaining({ code: 'ALARM_CLOSED' }))
  })

  it('with what is set in a transaction that sends a reply, whose subscriber closes', async () => {
    const { store, manager } = openWorld()
    store.alarm.set(AT)
    store.alarm.confirmed().subscribe(() => {
      void store.close()
      void manager.close()
    })
    await setImmediate()
    await Promise.all([store.close(), manager.close()])
    expect([
      read(files.actor, 'SELECT alarm FROM _nolater_actor'),
      read(files.alarms, 'SELECT time FROM alarm'),
    ]).toEqual([AT, AT])
  })

  it('and takes nothing more from then on', async () => {
    const world = openWorld()
    const closed = expect.objectContaining({ code: 'ALARM_CLOSED' })
    for (const name of ['fleet', 'stores', 'store', 'manager'] as const) void world[name].close()
    expect(() => world.fleet.actor('a').set(AT)).toThrow(closed)
    expect(() => world.stores.change('a', () => {})).toThrow(closed)
    expect(() => world.store.alarm.set(AT)).toThrow(closed)
    expect(() => world.manager.get('a')).toThrow(closed)
  })
})
