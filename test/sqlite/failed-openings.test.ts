import { existsSync, readdirSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { expect, it } from 'vitest'
import { memoryManager } from '../../src/index.ts'
import { sqliteManager, sqliteStore, sqliteStores } from '../../src/sqlite/index.ts'
import { newFile } from './files.ts'

const manager = memoryManager()
const DESCRIPTORS = '/proc/self/fd'

const store = (file: string) => sqliteStore({ file, key: 'a', manager })
const stores = (file: string) => sqliteStores({ file, manager })
const managerOf = (file: string) => sqliteManager({ file })

it.skipIf(!existsSync(DESCRIPTORS)).each<[string, (file: string) => { close(): unknown }, string]>([
  ['a store whose epochs are used up', store, `UPDATE _nolater_actor SET epoch = ${2 ** 31 - 1}`],
  ['a store of another actor', store, `UPDATE _nolater_actor SET key = 'b'`],
  ['a store that has lost its values', store, 'DROP TABLE _nolater_values'],
  ['a store of a newer version', store, 'UPDATE _nolater_actor SET version = 99'],
  ['stores that have lost a column', stores, 'ALTER TABLE _nolater_actors DROP COLUMN raised'],
  ['stores of a newer version', stores, 'UPDATE _nolater_version SET version = 99'],
  ['a manager that has lost its table', managerOf, 'DROP TABLE clock'],
  ['a manager of a newer version', managerOf, 'PRAGMA user_version = 99'],
])('%s: a failed opening lets go of the file', (_, open, damage) => {
  const file = newFile()
  open(file).close()
  const db = new DatabaseSync(file)
  db.exec(damage)
  db.close()
  const before = readdirSync(DESCRIPTORS).length
  for (let i = 0; i < 10; i++)
    expect(() => open(file)).toThrow(expect.objectContaining({ name: expect.any(String) }))
  expect(readdirSync(DESCRIPTORS)).toHaveLength(before)
})
