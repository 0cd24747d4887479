import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it, onTestFinished } from 'vitest'
import { examine } from '../../../src/operating/doctor/examine.ts'
import type { Finding } from '../../../src/operating/doctor/finding.ts'
import { sqliteManagerPatient } from '../../../src/operating/doctor/sqlite-manager-patient.ts'
import { sqliteStorePatient } from '../../../src/operating/doctor/sqlite-store-patient.ts'
import { sqliteStore } from '../../../src/sqlite/index.ts'
import { newFile, newManager } from '../../sqlite/files.ts'

const time = Date.now() + 3_600_000
const silent = `INSERT INTO deliverer VALUES ('dead', 'host:1', 0, ${Date.now() - 700_000}, '{"fires":0,"failures":0,"lateness":{},"latest":0}')`
const leased = `UPDATE alarm SET holder = 'dead', leased_until = ${time}, due = ${time}, begun = 1; ${silent}`

/** What a doctor finds of an actor when its manager's file was changed so; and how to change it once more. */
async function found(sql: string) {
  const [file, own] = [newFile(), newFile()]
  const manager = newManager({ file })
  const store = sqliteStore({ file: own, key: 'a', manager })
  store.alarm.set(time)
  await store.close()
  await manager.close()
  const change = (more: string): void => {
    const db = new DatabaseSync(file)
    db.exec(more)
    db.close()
  }
  change(sql)
  const patient = sqliteManagerPatient(file)
  const stores = [sqliteStorePatient(own, patient.manager)]
  onTestFinished(async () => {
    for (const each of stores) await each.close()
    await patient.close()
  })
  const findings: Finding[] = []
  for await (const finding of examine(patient, stores, async () => {})) findings.push(finding)
  expect(findings).toHaveLength(1)
  const row = (): unknown => {
    const db = new DatabaseSync(file)
    const read = db.prepare('SELECT * FROM alarm').get()
    db.close()
    return read
  }
  return { finding: findings[0]!, change, row }
}

describe('a doctor of an sqliteManager', () => {
  it.each([
    [
      'an alarm that was given up, and again under a newer fence',
      'ALARM_GIVEN_UP',
      'UPDATE alarm SET due = NULL, counted = 7',
      'UPDATE alarm SET fence = fence + 1',
    ],
    [
      'a lease whose holder reports again',
      'LEASE_STUCK',
      leased,
      `UPDATE deliverer SET seen = ${Date.now()}`,
    ],
    [
      'a lease that another one has by now, which reports',
      'LEASE_STUCK',
      leased,
      `INSERT INTO deliverer SELECT 'other', process, since, ${Date.now()}, minute FROM deliverer; UPDATE alarm SET holder = 'other'`,
    ],
    [
      'a row that can be read by now',
      'ROW_UNREADABLE',
      "UPDATE alarm SET last_error = '{'",
      'UPDATE alarm SET last_error = NULL',
    ],
  ])('leaves %s', async (_, code, sql, since) => {
    const { finding, change, row } = await found(sql)
    expect(finding.code).toBe(code)
    change(since)
    const before = row()
    expect(await finding.repair!()).toBe(false)
    expect(row()).toEqual(before)
  })
})
