import { copyFileSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { firstValueFrom, from, NEVER, Subject } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { AlarmFencedError, type AlarmManager, memoryManager, openFleet } from '../../src/index.ts'
import { type ActorStore, sqliteManager, sqliteStore, sqliteStores } from '../../src/sqlite/index.ts'
import { SEQUENCES as EPOCH } from '../../src/vocabulary/fence.ts'
import { settled } from '../manager-contract.ts'
import { newFile } from './files.ts'

const HOUR = 3_600_000
const later = (n: number) => Date.now() + HOUR + n

const opened: { close(): unknown }[] = []
afterEach(() => {
  for (const one of opened.splice(0).reverse()) one.close()
})
const keep = <T extends { close(): unknown }>(one: T): T => {
  opened.push(one)
  return one
}

function remove(file: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true })
}

/** What the file says of its one actor, from outside. */
function look(file: string): Record<string, unknown> {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    return { ...db.prepare('SELECT epoch, raised, alarm FROM _nolater_actor').get() }
  } finally {
    db.close()
  }
}

/** A manager that remembers the fence, and answers when it is told to. */
function slowManager(held = 5 * EPOCH) {
  const calls: { time: number | null; fence: number; answer: Subject<never>; land(): void }[] = []
  const state = { held, time: null as number | null }
  const manager: AlarmManager = {
    write(key, time, { fence }) {
      const answer = new Subject<never>()
      calls.push({
        time,
        fence,
        answer,
        land() {
          if (fence < state.held) return answer.error(new AlarmFencedError(key, fence, state.held))
          Object.assign(state, { held: fence, time })
          answer.complete()
        },
      })
      return answer
    },
    deliveries: () => NEVER,
  }
  return { manager, calls, state }
}

const lookFor = (store: ActorStore): unknown => {
  try {
    return store.alarm.time
  } catch (error) {
    return error
  }
}

describe.each(['deleted', 'restored from a backup'])('the file of an actor that was %s', (how) => {
  it.each(['its alarm alone', 'its state too'])(
    'does not shut its owner out, which changes %s',
    async (what) => {
      const file = newFile()
      const alarms = newFile()
      const backup = newFile()
      const open = () => {
        const manager = keep(sqliteManager({ file: alarms }))
        return { manager, store: keep(sqliteStore({ file, key: 'tea', manager })) }
      }
      for (let i = 0; i < 5; i++) {
        const { manager, store } = open()
        store.alarm.set(later(i))
        await settled(store.alarm.drained())
        store.alarm.close()
        manager.close()
        if (i === 1) copyFileSync(file, backup)
      }
      remove(file)
      if (how !== 'deleted') copyFileSync(backup, file)
      const { manager, store } = open()
      const kinds: string[] = []
      store.alarm.events$.subscribe(({ kind }) => kinds.push(kind))
      const time = Date.now() + 500
      if (what === 'its state too') store.put('cup', 1)
      store.alarm.set(time)
      expect(await settled(store.alarm.drained())).toBe('a value')
      expect(kinds.filter((kind) => kind === 'epoch-raised')).toHaveLength(1)
      expect(manager.get('tea')).toBe(time)
      expect(look(file)).toEqual({ epoch: 6, raised: 0, alarm: time })
      expect(store.epoch).toBe(6)
      const again = open()
      expect(again.store.epoch).toBe(7)
      expect(again.store.get('cup')).toBe(what === 'its state too' ? 1 : undefined)
      again.store.alarm.set(later(9))
      expect(await settled(again.store.alarm.drained())).toBe('a value')
    },
  )
})

describe('an actor whose store is older than its manager', () => {
  it('has its epoch raised durably before it writes under it, where nothing is open', () => {
    const file = newFile()
    const { manager, calls } = slowManager()
    keep(sqliteStore({ file, key: 'a', manager }))
    calls[0]!.land()
    expect(calls[1]!.fence).toBe(6 * EPOCH + 1)
    expect(look(file)).toEqual({ epoch: 1, raised: 6, alarm: null })
    calls[1]!.land()
    expect(keep(sqliteStore({ file, key: 'a', manager })).epoch).toBe(7)
  })

  it('loses what is in its open transaction for that, and is right once it is opened again', () => {
    const file = newFile()
    const { manager, calls, state } = slowManager()
    const change = (store: ActorStore) =>
      store.transaction(() => {
        store.put('x', 1)
        store.alarm.set(later(0))
      })
    const store = keep(sqliteStore({ file, key: 'a', manager, reconcile: false }))
    store.alarm.events$.subscribe({ error() {} })
    change(store)
    calls[0]!.land()
    expect(lookFor(store)).toMatchObject({
      code: 'ALARM_FENCED',
      message: expect.stringContaining('Open it again'),
    })
    expect(calls).toHaveLength(1)
    expect(look(file)).toEqual({ epoch: 1, raised: 6, alarm: null })
    const again = keep(sqliteStore({ file, key: 'a', manager, reconcile: false }))
    change(again)
    calls[1]!.land()
    expect([look(file).alarm, state.held, again.get('x')]).toEqual([calls[1]!.time, 7 * EPOCH + 1, 1])
  })

  it('is not raised where the manager remembers a fence below its next epoch, or none, or cannot say', () => {
    for (const fenceOf of [
      () => null,
      () => EPOCH,
      () => 'x' as never,
      () => {
        throw new Error('away')
      },
      () => 2 ** 53 - 1,
    ]) {
      const { manager } = slowManager()
      expect(keep(sqliteStore({ file: newFile(), key: 'a', manager: { ...manager, fenceOf } })).epoch).toBe(1)
    }
  })

  it('stays out once the file was opened again, also with a transaction of its own under way', () => {
    const file = newFile()
    const { manager, calls } = slowManager()
    const zombie = keep(sqliteStore({ file, key: 'a', manager }))
    zombie.alarm.events$.subscribe({ error() {} })
    const owner = keep(sqliteStore({ file, key: 'a', manager }))
    calls[0]!.land()
    expect(lookFor(zombie)).toMatchObject({ code: 'ALARM_FENCED' })
    expect(calls).toHaveLength(2)
    calls[1]!.land()
    calls[2]!.land()
    expect(lookFor(owner)).toBeNull()
  })

  it('stays out where its file is not at its path any more', () => {
    const file = newFile()
    const { manager, calls } = slowManager()
    const zombie = keep(sqliteStore({ file, key: 'a', manager, reconcile: false }))
    zombie.alarm.events$.subscribe({ error() {} })
    zombie.transaction(() => {
      zombie.put('x', 1)
      zombie.alarm.set(later(0))
    })
    remove(file)
    calls[0]!.land()
    expect(calls).toHaveLength(1)
    expect(lookFor(zombie)).toMatchObject({ cause: { code: 'ALARM_STORAGE_GONE' } })
  })

  it('has its raised epoch replicated before it writes under it', () => {
    const file = newFile()
    const { manager, calls } = slowManager()
    const replicated: Subject<never>[] = []
    const replicate = () => {
      replicated.push(new Subject<never>())
      return replicated.at(-1)!
    }
    keep(sqliteStore({ file, key: 'a', manager, replicate }))
    replicated[0]!.complete()
    calls[0]!.land()
    expect(calls).toHaveLength(1)
    replicated[1]!.complete()
    expect(calls).toHaveLength(2)
  })

  it.each([
    ['1', 'version, key, epoch, alarm', "1, 'a', 4, 77", 4],
    ['2', 'version, key, epoch, alarm, raised', "2, 'a', 4, 77, 0", 4],
    ['2, raised', 'version, key, epoch, alarm, raised', "2, 'a', 4, 77, 6", 6],
  ])(
    'opens a file of version %s above all the fences that were given out under it',
    (_, columns, row, last) => {
      const file = newFile()
      const db = new DatabaseSync(file)
      db.exec(`
      CREATE TABLE _nolater_actor (${columns});
      CREATE TABLE _nolater_values (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
      INSERT INTO _nolater_actor VALUES (${row})`)
      db.close()
      const held = last * 2 ** 28 + 2 ** 28 - 1
      const { manager, calls, state } = slowManager(held)
      const epoch = (last + 1) * 64 + 1
      const store = keep(sqliteStore({ file, key: 'a', manager, reconcile: false }))
      expect([store.epoch, store.alarm.time]).toEqual([epoch, 77])
      expect(look(file)).toEqual({ epoch, raised: 0, alarm: 77 })
      store.transaction(() => store.alarm.set(0))
      calls[0]!.land()
      expect(state.time).toBe(0)
      expect(state.held).toBeGreaterThan(held)
      store.close()
      expect(keep(sqliteStore({ file, key: 'a', manager })).epoch).toBe(epoch + 1) // once
    },
  )

  it('opens more often than the epochs of version 2 went, and refuses to go on after the last one, as it was', () => {
    const file = newFile()
    const { manager } = slowManager(0)
    const open = () => keep(sqliteStore({ file, key: 'a', manager, reconcile: false }))
    open().close()
    const setEpoch = (epoch: number) => {
      const db = new DatabaseSync(file)
      db.exec(`UPDATE _nolater_actor SET epoch = ${epoch}`)
      db.close()
    }
    setEpoch(2 ** 25 - 2)
    for (const more of [1, 2, 3]) {
      const store = open()
      expect(store.epoch).toBe(2 ** 25 - 2 + more)
      store.close()
    }
    setEpoch(2 ** 31 - 1)
    expect(open).toThrow(expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }))
    expect(look(file)).toMatchObject({ epoch: 2 ** 31 - 1 })
  })
})

describe('a file of many actors that is older than its manager', () => {
  it.each(['deleted', 'restored'])('does not shut a fleet out, where it was %s', async (how) => {
    const file = newFile()
    const backup = newFile()
    const manager = memoryManager()
    const keys = Array.from({ length: 72 }, (_, i) => `actor ${i}`)
    const open = () => {
      const stores = keep(sqliteStores({ file, manager }))
      const fleet = keep(openFleet(stores))
      const kinds: string[] = []
      fleet.events$.subscribe(({ kind }) => kinds.push(kind))
      return { stores, fleet, kinds }
    }
    for (let i = 0; i < 3; i++) {
      const { fleet, stores } = open()
      for (const key of keys) fleet.actor(key).set(later(i))
      await settled(fleet.drained())
      fleet.close()
      stores.close()
      if (i === 0) copyFileSync(file, backup)
    }
    remove(file)
    if (how === 'restored') copyFileSync(backup, file)
    const { fleet, kinds } = open()
    const time = Date.now() + 60_000
    for (const key of keys) fleet.actor(key).set(time)
    expect(await settled(fleet.drained())).toBe('done')
    expect(kinds.filter((kind) => kind === 'broken')).toEqual([])
    expect(kinds.filter((kind) => kind === 'epoch-raised')).toHaveLength(keys.length)
    expect(keys.map((key) => manager.get(key))).toEqual(keys.map(() => time))
    const db = new DatabaseSync(file, { readOnly: true })
    const rows = db.prepare('SELECT epoch, raised FROM _nolater_actors').all()
    db.close()
    expect(rows.every(({ epoch, raised }) => Number(raised) === 4 && Number(epoch) < 4)).toBe(true)
  })

  it('leaves the actor to the fleet that loaded it last', async () => {
    const file = newFile()
    const { manager, calls } = slowManager()
    const zombies = keep(sqliteStores({ file, manager }))
    const zombie = await firstValueFrom(from(zombies.load('a')))
    const owners = keep(sqliteStores({ file, manager }))
    await settled(owners.load('a') as never)
    expect(await settled(zombies.raise(6, { key: 'a', epoch: zombie.epoch }) as never)).toMatchObject({
      code: 'ALARM_FENCED',
    })
    expect(await settled(owners.raise(6, { key: 'a', epoch: 2 }) as never)).toBe('a value')
    expect(calls).toEqual([])
  })

  it.each([
    [1, 'key, epoch, alarm', "('a', 4, 77)"],
    [2, 'key, epoch, alarm, raised', "('a', 4, 77, 0), ('b', 4, 77, 6), ('c', 33554431, 77, 0)"],
  ])(
    'opens a file of version %s above all the fences that were given out under it',
    async (version, columns, rows) => {
      const file = newFile()
      const db = new DatabaseSync(file)
      db.exec(`
      CREATE TABLE _nolater_version (version INTEGER NOT NULL) STRICT;
      INSERT INTO _nolater_version VALUES (${version});
      CREATE TABLE _nolater_actors (${columns}, PRIMARY KEY (key));
      INSERT INTO _nolater_actors VALUES ${rows}`)
      db.close()
      const open = () => keep(sqliteStores({ file, manager: slowManager().manager }))
      const load = (stores: ReturnType<typeof open>, key: string) => firstValueFrom(from(stores.load(key)))
      const stores = open()
      expect(await load(stores, 'a')).toMatchObject({ epoch: 5 * 64 + 1, time: 77 })
      if (version === 2) expect(await load(stores, 'b')).toMatchObject({ epoch: 7 * 64 + 1, time: 77 })
      stores.close()
      expect(await load(open(), 'a')).toMatchObject({ epoch: 5 * 64 + 2 })
      expect(await load(stores, 'new').catch((error) => error.code)).toBe('ALARM_CLOSED')
      expect(await load(open(), 'new')).toMatchObject({ epoch: 1 })
    },
  )
})
