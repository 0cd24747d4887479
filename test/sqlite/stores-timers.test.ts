import { DatabaseSync } from 'node:sqlite'
import { EMPTY, firstValueFrom, of, throwError } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { type AlarmTime, type Fleet, memoryManager, openFleet } from '../../src/index.ts'
import { type VirtualClock, virtualClock } from '../../src/marbles/index.ts'
import { type SqliteStores, sqliteStores } from '../../src/sqlite/index.ts'
import { newFile } from './files.ts'

interface World {
  readonly file: string
  readonly clock: VirtualClock
  readonly stores: SqliteStores
  readonly fleet: Fleet
  readonly manager: ReturnType<typeof memoryManager>
}

let worlds: World[] = []
afterEach(async () => {
  for (const { fleet, stores } of worlds) {
    await fleet.close().catch(() => {})
    await stores.close().catch(() => {})
  }
  worlds = []
})

function open(
  file = newFile(),
  clock = virtualClock(),
  manager = memoryManager({ scheduler: clock }),
): World {
  const stores = sqliteStores({ file, manager, scheduler: clock })
  const fleet = openFleet(stores)
  const world = { file, clock, stores, fleet, manager }
  worlds.push(world)
  return world
}

const settled = ({ fleet }: World, key: string) => firstValueFrom(fleet.actor(key).drained())

function durable(file: string, key: string): { alarm: AlarmTime; timers: string[] } {
  const db = new DatabaseSync(file, { readOnly: true })
  const row = db.prepare('SELECT alarm FROM _nolater_actors WHERE key = ?').get(key)
  const rows = db
    .prepare('SELECT name, due FROM _nolater_timers WHERE actor = ? ORDER BY due, serial')
    .all(key)
  db.close()
  return {
    alarm: (row?.alarm ?? null) as AlarmTime,
    timers: rows.map(({ name, due }) => `${name} ${due}`),
  }
}

describe('timers of many actors in one file', () => {
  it('are read back within the turn, and durable with their alarm and what was changed before', async () => {
    const world = open()
    const { stores, file, manager } = world
    stores.sql.exec('CREATE TABLE job (name TEXT)')
    stores.change('a', (sql) => sql.run('INSERT INTO job VALUES (?)', 'tea'))
    const timers = stores.timers('a')
    timers.set('late', 90, { payload: { n: 1 } })
    timers.set('soon', 20)
    stores.timers('b').set('soon', 70)
    expect([timers.get('late'), timers.get('soon'), stores.timers('b').get('late')]).toEqual([90, 20, null])
    expect(timers.list({ by: 'time' }).map(({ name }) => name)).toEqual(['soon', 'late'])
    expect(durable(file, 'a').timers).toEqual([])
    await settled(world, 'a')
    await settled(world, 'b')
    expect(durable(file, 'a')).toEqual({ alarm: 20, timers: ['soon 20', 'late 90'] })
    expect(durable(file, 'b')).toEqual({ alarm: 70, timers: ['soon 70'] })
    expect([manager.get('a'), manager.get('b')]).toEqual([20, 70])
    timers.delete('soon')
    expect(timers.list().map(({ name, payload }) => [name, payload])).toEqual([['late', { n: 1 }]])
    await settled(world, 'a')
    expect([durable(file, 'a'), manager.get('a')]).toEqual([{ alarm: 90, timers: ['late 90'] }, 90])
  })

  it('are handled one by one, then the next is the alarm', async () => {
    const world = open()
    const { stores, clock, manager, file } = world
    const handled: string[] = []
    manager
      .deliveries((delivery) =>
        stores
          .timers(delivery.key)
          .deliver(delivery, ({ name }) => of(handled.push(`${delivery.key} ${name}`))),
      )
      .subscribe()
    for (const key of ['a', 'b']) {
      for (const [name, time] of [
        ['z', 10],
        ['y', 11],
        ['x', 500],
      ] as const)
        stores.timers(key).set(name, time)
      await settled(world, key)
    }
    clock.step(12)
    clock.advance(0)
    for (const key of ['a', 'b']) await settled(world, key)
    expect(handled.toSorted()).toEqual(['a y', 'a z', 'b y', 'b z'])
    await expect.poll(() => durable(file, 'a')).toEqual({ alarm: 500, timers: ['x 500'] })
    await expect.poll(() => manager.get('b')).toBe(500)
  })

  it('never leave the alarm later than what another process has set before the actor was loaded here', async () => {
    const first = open()
    first.stores.timers('a').set('x', 100)
    await settled(first, 'a')
    const second = open(first.file, first.clock, first.manager)
    const timers = second.stores.timers('a')
    timers.set('y', 200) // it is not loaded here: what is read now is x, at 100
    first.stores.timers('a').set('sooner', 50)
    await settled(first, 'a').catch(() => {})
    await settled(second, 'a')
    const { alarm, timers: rows } = durable(first.file, 'a')
    const due = rows.map((row) => Number(row.split(' ')[1]))
    expect(due).toContain(200)
    expect(alarm).toBe(Math.min(...due))
    expect(second.manager.get('a')).toBe(alarm)
    const ids = timers.list().map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('go by what is durable when the actor is loaded, whatever was read before', async () => {
    const first = open()
    first.stores.timers('a').set('x', 100)
    await settled(first, 'a')
    await first.fleet.close()
    await first.stores.close()
    const second = open(first.file, first.clock, first.manager)
    const timers = second.stores.timers('a')
    timers.set('y', 200) // it is not loaded: what is read is x, at 100
    const other = new DatabaseSync(first.file) // what another process commits before it is
    other.exec(`
      INSERT INTO _nolater_timers VALUES ('a', 'sooner', 50, 50, 2, 0, 0, NULL, NULL, NULL, NULL);
      UPDATE _nolater_timer_sets SET sets = 2; UPDATE _nolater_actors SET alarm = 50`)
    other.close()
    await settled(second, 'a')
    expect(durable(first.file, 'a')).toEqual({ alarm: 50, timers: ['sooner 50', 'x 100', 'y 200'] })
    expect(second.manager.get('a')).toBe(50)
    expect(timers.list().map(({ name, id }) => `${name} ${id}`)).toEqual(['sooner 2', 'x 1', 'y 3'])
  })

  it('put the alarm right when the actor is loaded', async () => {
    const first = open()
    first.stores.timers('a').set('x', 100)
    await settled(first, 'a')
    await first.fleet.close()
    await first.stores.close()
    const db = new DatabaseSync(first.file)
    db.exec("UPDATE _nolater_actors SET alarm = 900 WHERE key = 'a'")
    db.close()
    const second = open(first.file, first.clock, first.manager)
    await settled(second, 'a')
    expect([durable(first.file, 'a').alarm, second.manager.get('a')]).toEqual([100, 100])
  })

  it('are lost with the change that fails, and no other', async () => {
    const world = open()
    const { stores, fleet, file } = world
    stores.timers('a').set('x', 100)
    await settled(world, 'a')
    stores.change('a', () => {
      throw new Error('bad')
    })
    stores.timers('a').set('y', 50)
    await settled(world, 'a').catch(() => {})
    expect(stores.timers('a').get('y')).toBe(null)
    expect(durable(file, 'a').timers).toEqual(['x 100'])
    fleet.actor('a').touch()
    await settled(world, 'a')
    expect(durable(file, 'a')).toEqual({ alarm: 100, timers: ['x 100'] })
  })

  it('are kept as failed, and go with the actor that is forgotten', async () => {
    const world = open()
    const { stores, clock, manager, file } = world
    manager
      .deliveries((delivery) =>
        stores
          .timers(delivery.key)
          .deliver(delivery, () => throwError(() => Object.assign(new Error('no'), { retry: false }))),
      )
      .subscribe()
    stores.timers('a').set('x', 10)
    await settled(world, 'a')
    clock.advance(20)
    await expect.poll(() => durable(file, 'a')).toEqual({ alarm: null, timers: ['x null'] })
    await expect.poll(() => manager.get('a')).toBe(null)
    expect(stores.timers('a').list({ state: 'failed' })).toMatchObject([{ name: 'x', failures: 1 }])
    await stores.forget('a')
    expect(stores.timers('a').list()).toEqual([])
  })

  it('do what a handler changes in the commit that ends its timer', async () => {
    const world = open()
    const { stores, clock, file } = world
    stores.sql.exec('CREATE TABLE done (name TEXT)')
    stores.timers('a').set('x', 10)
    stores.timers('a').set('y', 11)
    await settled(world, 'a')
    clock.step(20)
    const seen: unknown[] = []
    const delivered = firstValueFrom(
      stores.timers('a').deliver({ key: 'a', scheduledTime: 10 }, ({ name }) => {
        stores.change('a', (sql) => {
          sql.run('INSERT INTO done VALUES (?)', name)
          seen.push(sql.all('SELECT name FROM _x').length)
        })
        return EMPTY
      }),
    ).catch((error) => error)
    await delivered
    expect(durable(file, 'a').timers.length).toBe(2) // the statement failed, and so all of it
    clock.advance(1)
    await settled(world, 'a').catch(() => {})
    await firstValueFrom(
      stores.timers('a').deliver({ key: 'a', scheduledTime: 10 }, ({ name }) => {
        stores.change('a', (sql) => sql.run('INSERT INTO done VALUES (?)', name))
        return EMPTY
      }),
    )
    expect(stores.sql.all('SELECT name FROM done')).toEqual([{ name: 'x' }, { name: 'y' }])
    expect(durable(file, 'a').timers).toEqual([])
  })

  it('take no more where no fleet is open, or the stores are closed', async () => {
    const world = open()
    const timers = world.stores.timers('a')
    await world.fleet.close()
    expect(() => timers.set('x', 10)).toThrow(expect.objectContaining({ code: 'ALARM_CLOSED' }))
    expect(timers.get('x')).toBe(null)
  })

  it('bring through at the end what was set for an actor that was not loaded', async () => {
    const world = open()
    world.stores.timers('a').set('x', 100)
    await world.fleet.close()
    await world.stores.close()
    expect(durable(world.file, 'a')).toEqual({ alarm: 100, timers: ['x 100'] })
  })

  it('are many: 5,000 set in one turn, and handled by one wake-up', async () => {
    const world = open()
    const { stores, clock, file } = world
    for (let i = 0; i < 5_000; i++) stores.timers('a').set(`t${i}`, 5_000 - i + 10)
    await settled(world, 'a')
    expect(durable(file, 'a').alarm).toBe(11)
    clock.step(10_000)
    let handled = 0
    await firstValueFrom(stores.timers('a').deliver({ key: 'a', scheduledTime: 11 }, () => of(handled++)))
    expect(handled).toBe(5_000)
    expect(durable(file, 'a')).toEqual({ alarm: null, timers: [] })
  }, 60_000)
})
