import { DatabaseSync } from 'node:sqlite'
import { EMPTY, lastValueFrom, NEVER, Subject } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { type AlarmManager, memoryManager, openFleet } from '../../src/index.ts'
import { sqliteStores } from '../../src/sqlite/index.ts'
import { fenceOf } from '../../src/vocabulary/fence.ts'
import { virtualClock } from '../virtual-clock.ts'
import { newFile } from './files.ts'

const inUse = expect.objectContaining({ code: 'ALARM_IN_USE', counted: false })
const fenced = { code: 'ALARM_FENCED' }
let opened: { close(): Promise<void> }[] = []
afterEach(() => {
  for (const one of opened.reverse()) one.close().catch(() => {})
  opened = []
})

function rig(options: { file?: string; manager?: AlarmManager } = {}) {
  const clock = virtualClock()
  const { file = newFile(), manager = memoryManager({ scheduler: clock }) } = options
  const stores = sqliteStores({ file, manager, scheduler: clock })
  const fleet = openFleet(stores)
  opened.push(stores, fleet)
  const rows = () =>
    stores.sql.all<{ key: string; epoch: number }>('SELECT key, epoch FROM _nolater_actors ORDER BY key')
  /** Sets an alarm and deletes it again. */
  const use = async (key: string): Promise<void> => {
    const actor = fleet.actor(key)
    actor.set(5)
    await lastValueFrom(actor.drained(), { defaultValue: null })
    actor.delete()
    await lastValueFrom(actor.drained(), { defaultValue: null })
  }
  return { clock, file, manager, stores, fleet, rows, use }
}

describe('stores.forget(key)', () => {
  it('deletes the row of an actor that is idle in memory; used again, it is loaded as a new one', async () => {
    const { stores, fleet, rows, use } = rig()
    await use('a')
    await use('b')
    const events: string[] = []
    fleet.events$.subscribe(({ kind, key }) => events.push(`${kind} ${key}`))
    await stores.forget('a')
    expect(rows()).toEqual([{ key: 'b', epoch: 1 }])
    expect(events).toEqual(['dropped a'])
    await use('a')
    expect(rows()).toEqual([
      { key: 'a', epoch: 2 },
      { key: 'b', epoch: 1 },
    ])
    expect(events.filter((event) => event.startsWith('broken'))).toEqual([])
  })

  it('begins every key above the highest epoch that was ever forgotten, raised ones included', async () => {
    const { stores, file, rows, use } = rig()
    for (let i = 0; i < 3; i++) {
      await use('a')
      await stores.forget('a')
    }
    await use('b')
    expect(rows()).toEqual([{ key: 'b', epoch: 4 }])
    const db = new DatabaseSync(file)
    db.exec("UPDATE _nolater_actors SET raised = 70 WHERE key = 'b'")
    db.close()
    await stores.forget('b')
    await use('b')
    expect(rows()).toEqual([{ key: 'b', epoch: 71 }])
  })

  it('a zombie of before wins nothing: neither its commit nor a write of it that lands late', async () => {
    const late = memoryManager()
    const first = rig({ manager: late })
    await first.use('a')
    const zombie = rig({ file: first.file, manager: { ...late, write: () => NEVER } as AlarmManager })
    const old = zombie.fleet.actor('a')
    await lastValueFrom(old.confirmed(), { defaultValue: null }) // epoch 2, in memory
    await first.stores.forget('a')
    const next = rig({ file: first.file, manager: late })
    next.fleet.actor('a').set(50)
    await lastValueFrom(next.fleet.actor('a').drained(), { defaultValue: null })
    expect(next.rows()).toEqual([{ key: 'a', epoch: 3 }])
    const stale = { key: 'a', move: 'later', fence: fenceOf(2, 1_000), attempt: 1 } as const
    await expect(Promise.resolve(late.write('a', 9_999, stale))).rejects.toMatchObject(fenced)
    const commit = Promise.resolve(
      lastValueFrom(zombie.stores.commit(7, { key: 'a', epoch: 2 }) as never, { defaultValue: null }),
    )
    await expect(commit).rejects.toMatchObject(fenced)
    expect(late.get('a')).toBe(50)
    const row = next.stores.sql.get("SELECT alarm FROM _nolater_actors WHERE key = 'a'")
    expect(row).toEqual({ alarm: 50 })
  })

  it('a zombie whose row is gone cannot commit either', async () => {
    const { stores, use } = rig()
    await use('a')
    await stores.forget('a')
    const commit = lastValueFrom(stores.commit(7, { key: 'a', epoch: 1 }) as never, { defaultValue: null })
    await expect(commit).rejects.toMatchObject(fenced)
  })

  it.each([
    [
      'an alarm stands in the store',
      async ({ fleet }: ReturnType<typeof rig>) => {
        fleet.actor('a').set(5)
        await lastValueFrom(fleet.actor('a').drained(), { defaultValue: null })
      },
    ],
    [
      'the manager alone holds one',
      async ({ use, manager }: ReturnType<typeof rig>) => {
        await use('a')
        const info = { key: 'a', move: 'earlier', fence: fenceOf(1, 9), attempt: 1 } as const
        await (manager.write('a', 5, info) as unknown as PromiseLike<void>)
      },
    ],
    [
      'it is being loaded',
      async ({ fleet }: ReturnType<typeof rig>) => {
        fleet.actor('a').confirmed().subscribe()
      },
    ],
    [
      'something is left to do',
      async ({ use, fleet }: ReturnType<typeof rig>) => {
        await use('a')
        fleet.actor('a').touch()
      },
    ],
    [
      'its handler runs',
      async ({ use, fleet }: ReturnType<typeof rig>) => {
        await use('a')
        fleet.deliver({ key: 'a', scheduledTime: 0, fence: 1, retryCount: 0 }, () => NEVER).subscribe()
        fleet.actor('a').set(0)
        fleet.actor('a').delete()
      },
    ],
  ])('is refused where %s', async (_, prepare) => {
    const all = rig()
    await prepare(all)
    const before = all.rows()
    await expect(all.stores.forget('a')).rejects.toEqual(inUse)
    expect(all.rows()).toEqual(before)
  })

  it('is refused by the store alone where the manager cannot say what it holds', async () => {
    const { stores, fleet, rows } = rig({ manager: { write: () => EMPTY, deliveries: () => NEVER } })
    fleet.actor('a').set(5)
    await lastValueFrom(fleet.actor('a').drained(), { defaultValue: null })
    await expect(stores.forget('a')).rejects.toEqual(inUse)
    expect(rows()).toHaveLength(1)
  })

  it('is refused where the actor is used while the manager is asked', async () => {
    const answer = new Subject<null>()
    const manager = { write: () => EMPTY, deliveries: () => NEVER, get: () => lastValueFrom(answer) }
    const { stores, fleet, use, rows } = rig({ manager })
    await use('a')
    const forgotten = stores.forget('a')
    const refused = expect(forgotten).rejects.toEqual(inUse)
    answer.next(null)
    answer.complete()
    await Promise.resolve()
    fleet.actor('a').touch() // its commit comes before the deletion, in the same transaction
    await refused
    expect(rows()).toEqual([{ key: 'a', epoch: 1 }])
  })

  it('works on a file of version 3, whose actors keep their epochs', async () => {
    const first = rig()
    await first.use('a')
    await first.fleet.close()
    await first.stores.close()
    const db = new DatabaseSync(first.file)
    db.exec('ALTER TABLE _nolater_version DROP COLUMN forgotten; UPDATE _nolater_version SET version = 3')
    db.close()
    const { stores, use, rows } = rig({ file: first.file })
    await use('a')
    expect(rows()).toEqual([{ key: 'a', epoch: 2 }])
    await stores.forget('a')
    await use('b')
    expect(rows()).toEqual([{ key: 'b', epoch: 3 }])
  })

  it('does nothing to a key that was never used, and refuses a bad one and closed stores', async () => {
    const { stores, rows } = rig()
    await stores.forget('a')
    expect(rows()).toEqual([])
    await expect(stores.forget('\ud800')).rejects.toMatchObject({ code: 'ALARM_KEY_INVALID' })
    await stores.close()
    await expect(stores.forget('a')).rejects.toMatchObject({ code: 'ALARM_CLOSED' })
  })
})
