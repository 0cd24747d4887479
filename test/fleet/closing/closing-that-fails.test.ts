import { EMPTY, NEVER, Subject, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { type AlarmError, type AlarmManager, memoryManager, openFleet } from '../../../src/index.ts'
import { sqliteManager, sqliteStore, sqliteStores } from '../../../src/sqlite/index.ts'
import { newFile } from '../../sqlite/files.ts'
import { virtualClock } from '../../virtual-clock.ts'
import { rig } from '../rig.ts'

const refusing: AlarmManager = {
  write: () => throwError(() => new Error('refused')),
  deliveries: () => NEVER,
}
const silent: AlarmManager = { write: () => NEVER, deliveries: () => NEVER }

describe('closing a fleet', () => {
  it('settles when its store and its manager have answered', async () => {
    const { actor, fleet, answer, stored, held } = rig({ asks: ['load', 'commit', 'write'] })
    actor('a').set(5)
    let isClosed = false
    const closed = fleet.close().then(() => (isClosed = true))
    for (const name of ['load', 'write', 'commit'] as const) {
      await undefined
      expect(isClosed).toBe(false)
      answer(name)
    }
    await closed
    expect([stored.get('a')?.time, held.get('a')?.time]).toEqual([5, 5])
  })

  it('lets through its gates what waits for what it brings through', async () => {
    const { actor, fleet, answer } = rig({ asks: ['commit'] })
    const sent: string[] = []
    const replies = new Subject<string>()
    const a = actor('a')
    a.set(5)
    replies
      .pipe(a.holdUntilConfirmed())
      .subscribe({ next: (reply) => sent.push(reply), error: ({ code }) => sent.push(code) })
    replies.next('accepted')
    const closed = fleet.close()
    expect(sent).toEqual([])
    answer('commit')
    await closed
    expect(sent).toEqual(['accepted', 'ALARM_CLOSED'])
  })

  it('says of which actors something was lost, and by what', async () => {
    const { actor, fleet, answer, refuse } = rig({ asks: ['commit'] })
    for (const key of ['a', 'b', 'c']) actor(key).set(5)
    const closed = fleet.close()
    refuse('commit', 'a')
    answer('commit', 'b')
    refuse('commit', 'c')
    const error = await closed.then(
      () => null,
      (reason: AlarmError) => reason,
    )
    expect(error?.code).toBe('ALARM_CLOSE_FAILED')
    expect(error).toMatchObject({ code: 'ALARM_CLOSE_FAILED', keys: ['a', 'c'], counted: false })
    expect(error?.message).toMatch(/"a", "c": The store did not commit the alarm 5 of "a": commit failed/)
  })

  it('nothing is lost where only the later move was not taken, and it says after 5 s what it waited for', async () => {
    const { actor, clock, fleet, answer } = rig({ asks: ['load', 'commit', 'write'] })
    for (const key of ['a', 'b', 'c', 'd']) actor(key).set(5)
    for (const key of ['a', 'b', 'c']) answer('load', key)
    for (const key of ['a', 'b']) answer('write', key)
    answer('commit', 'a')
    actor('a').set(9)
    answer('commit', 'a')
    const closed = fleet.close().then(
      () => null,
      (reason: AlarmError) => reason,
    )
    await clock.advance(5_000)
    const error = await closed
    expect(error?.keys).toEqual(['a', 'b', 'c', 'd'])
    expect(error?.message).toMatch(
      'after 5000 ms it still waited for the manager to take the later alarm of "a" and the store to commit the alarm of "b" and ' +
        'the manager to take the earlier alarm of "c" and the store to load the alarm of "d".',
    )
  })

  it('lists ten keys, and counts the others', async () => {
    const { actor, clock, fleet } = rig({ asks: ['commit'] })
    for (let i = 0; i < 12; i++) actor(`${i}`).set(5)
    const closed = fleet.close().then(
      () => null,
      (reason: AlarmError) => reason,
    )
    await clock.advance(5_000)
    const error = await closed
    expect(error?.keys).toHaveLength(12)
    expect(error?.message).toContain('"9" and 2 more')
  })

  it('is done at once where nothing is to do, and sets no timer', () => {
    const clock = virtualClock()
    const fleet = openFleet({
      load: () => [{ time: null, epoch: 1 }],
      commit: () => EMPTY,
      write: () => EMPTY,
      scheduler: clock,
    })
    fleet.actor('a').set(5)
    void fleet.close()
    expect([clock.pending(), fleet.pressure.actors]).toEqual([0, 0])
  })
})

const AT = 4_000_000_000_000

describe('closing on SQLite', () => {
  const job = (fleet: ReturnType<typeof openFleet>, stores: ReturnType<typeof sqliteStores>): void => {
    fleet.actor('good').set(AT)
    stores.change('bad', (sql) => sql.run('INSERT INTO no_such_table VALUES (1)'))
  }

  it.each(['fleet', 'stores', 'manager'] as const)(
    'a statement that fails is an error of the %s that was closed first',
    async (first) => {
      const manager = sqliteManager({ file: newFile() })
      const stores = sqliteStores({ file: newFile(), manager })
      const fleet = openFleet(stores)
      job(fleet, stores)
      const all = { fleet, stores, manager }
      await expect(all[first].close()).rejects.toMatchObject({
        code: 'ALARM_CLOSE_FAILED',
        keys: ['bad'],
        message: expect.stringContaining('no such table'),
      })
      for (const one of [fleet, stores, manager]) await one.close().catch(() => {})
    },
  )

  it('a manager that refuses is an error of the store that was closed', async () => {
    const store = sqliteStore({ file: newFile(), key: 'a', manager: refusing, reconcile: false })
    store.alarm.set(AT)
    await expect(store.close()).rejects.toMatchObject({ code: 'ALARM_CLOSE_FAILED', keys: ['a'] })
  })

  it('several that fail are one error of their manager', async () => {
    const manager = sqliteManager({ file: newFile() })
    const twisted = { ...manager, write: refusing.write }
    for (const key of ['a', 'b']) {
      sqliteStore({ file: newFile(), key, manager: twisted, reconcile: false }).alarm.set(AT)
    }
    await expect(manager.close()).rejects.toMatchObject({ keys: ['a', 'b'], cause: { errors: [{}, {}] } })
  })

  it('one that was broken before closes in silence: that was told when it broke', async () => {
    const store = sqliteStore({ file: newFile(), key: 'a', manager: refusing, reconcile: false })
    expect(() => store.transaction(() => store.alarm.set(AT))).toThrow(
      expect.objectContaining({ code: 'ALARM_PRECOMMIT_FAILED' }),
    )
    await store.close()
  })

  it('a manager that never takes a later alarm is waited for 5 s, by the clock of the store', async () => {
    const clock = virtualClock()
    const answers = memoryManager()
    const manager: AlarmManager = {
      ...answers,
      write: (key, time, info) => (info.move === 'later' ? NEVER : answers.write(key, time, info)),
    }
    const store = sqliteStore({ file: newFile(), key: 'a', manager, scheduler: clock, reconcile: false })
    store.alarm.set(AT)
    await undefined
    store.alarm.set(AT + 1)
    const closed = expect(store.close()).rejects.toThrow(
      'after 5000 ms it still waited for the manager to take the alarm of "a"',
    )
    await clock.advance(5_000)
    await closed
  })

  it('a manager that never takes an earlier one is waited for as long as the file may be locked', async () => {
    const clock = virtualClock()
    const store = sqliteStore({
      file: newFile(),
      key: 'a',
      manager: silent,
      scheduler: clock,
      reconcile: false,
    })
    store.alarm.set(AT)
    const closed = expect(store.close()).rejects.toThrow('was locked for 4000 ms while its manager')
    await clock.advance(5_000)
    await closed
  })

  it('closes a store that hibernates over a manager that goes on', async () => {
    const manager = memoryManager()
    const file = newFile()
    const store = sqliteStore({ file, key: 'a', manager })
    store.alarm.set(AT)
    await store.close()
    expect(manager.get('a')).toBe(AT)
  })
})
