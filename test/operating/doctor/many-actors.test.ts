import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import type { StoredActor } from '../../../src/operating/doctor/examine-store.ts'
import { sqliteStorePatient } from '../../../src/operating/doctor/sqlite-store-patient.ts'
import { sqliteStores } from '../../../src/sqlite/index.ts'
import { newFile, newManager } from '../../sqlite/files.ts'

describe('a file of many actors', () => {
  it('is examined page by page, each actor once, at the highest epoch that it has raised', async () => {
    const file = newFile()
    const manager = newManager()
    await sqliteStores({ file, manager }).close()
    const db = new DatabaseSync(file)
    db.exec(`
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1101)
      INSERT INTO _nolater_actors (key, epoch, alarm, raised) SELECT printf('%05d', i), i, 5, CASE WHEN i = 7 THEN 99 ELSE 0 END FROM n`)
    db.close()
    const patient = sqliteStorePatient(file, () => manager)
    const actors: StoredActor[] = []
    for await (const page of patient.pages()) {
      expect(page.length).toBeLessThanOrEqual(500)
      actors.push(...page)
    }
    expect(actors.map(({ key }) => Number(key))).toEqual(Array.from({ length: 1_101 }, (_, i) => i + 1))
    expect(actors.slice(5, 8).map(({ epoch }) => epoch)).toEqual([6, 99, 8])
    expect(await patient.read(['00002', 'none', '00001'])).toEqual([
      { key: '00001', epoch: 1, alarm: 5 },
      { key: '00002', epoch: 2, alarm: 5 },
    ])
    await patient.close()
  })
})
