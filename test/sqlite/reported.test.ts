import { type AlarmManager, memoryManager, openFleet } from 'nolater'
import { sqliteManager, sqliteStore, sqliteStores } from 'nolater/sqlite'
import { defer, NEVER, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { reportsOfFile } from '../reported.ts'
import { newFile } from './files.ts'

const reports = reportsOfFile()
const AT = 4_000_000_000_000

describe('what breaks a store on SQLite', () => {
  it('is reported: a statement of change that fails', async () => {
    const manager = sqliteManager({ file: newFile() })
    const stores = sqliteStores({ file: newFile(), manager })
    const fleet = openFleet(stores)
    stores.change('k', (sql) => sql.run('INSERT INTO no_such_table VALUES (1)'))
    await new Promise((resolve) => setImmediate(resolve))
    expect(await reports()).toEqual(['ALARM_COMMIT_FAILED'])
    await Promise.all([fleet.close(), stores.close(), manager.close()])
  })

  it('is reported: a set after its manager was closed, which no caller sees', async () => {
    const manager = sqliteManager({ file: newFile() })
    const store = sqliteStore({ file: newFile(), key: 'b', manager })
    await manager.close()
    store.alarm.set(AT)
    expect(await reports()).toEqual(['ALARM_PRECOMMIT_FAILED'])
    expect(() => store.alarm.time).toThrow()
    await store.close()
  })

  it('is thrown by a transaction, and so is not reported', async () => {
    const down: AlarmManager = { ...memoryManager(), write: () => throwError(() => new Error('down')) }
    const store = sqliteStore({ file: newFile(), key: 'b', manager: down, reconcile: false })
    expect(() => store.transaction(() => store.alarm.set(AT))).toThrow()
    expect(await reports()).toEqual([])
    await store.close()
  })

  it('is thrown at the one that was fenced by another, and so is not reported', async () => {
    const file = newFile()
    const manager = memoryManager()
    const first = sqliteStore({ file, key: 'b', manager })
    const second = sqliteStore({ file, key: 'b', manager })
    expect(() => first.alarm.set(AT)).toThrow(expect.objectContaining({ code: 'ALARM_FENCED' }))
    expect(await reports()).toEqual([])
    await Promise.all([first.close(), second.close()])
  })

  it('is reported: what a store had accepted that gives way, and no caller sees', async () => {
    const file = newFile()
    const silent: AlarmManager = { ...memoryManager(), write: () => NEVER }
    const first = sqliteStore({ file, key: 'b', manager: silent, reconcile: false })
    first.alarm.set(AT)
    await undefined
    const second = sqliteStore({ file, key: 'b', manager: memoryManager() })
    expect(await reports()).toEqual(['ALARM_FENCED'])
    await Promise.all([first.close(), second.close()])
  })

  it('is not where it is the error of the close that loses it', async () => {
    const down: AlarmManager = {
      ...memoryManager(),
      write: () => defer(() => Promise.reject(new Error('down'))),
    }
    const store = sqliteStore({ file: newFile(), key: 'b', manager: down, reconcile: false })
    store.alarm.set(AT)
    await expect(store.close()).rejects.toMatchObject({ code: 'ALARM_CLOSE_FAILED' })
    expect(await reports()).toEqual([])
  })
})
