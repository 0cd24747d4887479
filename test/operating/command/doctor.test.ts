import { statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { openFleet } from '../../../src/index.ts'
import { sqliteStore, sqliteStores } from '../../../src/sqlite/index.ts'
import { fenceOf } from '../../../src/vocabulary/fence.ts'
import { newFile, newManager } from '../../sqlite/files.ts'
import { run } from './run.ts'

const HOUR = 3_600_000
const time = Date.now() + HOUR
const keys = ['', 'b', 'c']

/** A manager and the stores of three actors that hold the same alarm: in one file, or in one each. */
async function well(kind: 'sqliteStores' | 'sqliteStore') {
  const file = newFile()
  const manager = newManager({ file })
  const files: string[] = []
  if (kind === 'sqliteStores') {
    const own = newFile()
    files.push(own)
    const stores = sqliteStores({ file: own, manager })
    const fleet = openFleet(stores)
    for (const key of keys) fleet.actor(key).set(time)
    await fleet.close()
    await stores.close()
  } else {
    for (const key of keys) {
      const own = newFile()
      files.push(own)
      const store = sqliteStore({ file: own, key, manager })
      store.alarm.set(time)
      await store.close()
    }
  }
  await manager.close()
  const doctor = async (...more: string[]) => {
    const { code, out } = await run(['doctor', file, ...files, '--json', ...more])
    const lines = out
      .trim()
      .split('\n')
      .filter((line) => line !== '')
    // Nothing delivers here: that notice has a test of its own.
    const found = lines.map((line) => JSON.parse(line))
    return {
      code,
      found: found.filter(({ code, severity }) => code !== 'NOTHING_DELIVERS' || severity !== 'notice'),
    }
  }
  return { kind, file, files, doctor }
}

function change(file: string, sql: string): void {
  const db = new DatabaseSync(file)
  db.exec(sql)
  db.close()
}

describe.each(['sqliteStores', 'sqliteStore'] as const)('nolater doctor, with the files of %s', (kind) => {
  it('takes the empty file of a store for what ended before its first transaction', async () => {
    const { files, doctor } = await well(kind)
    const empty = newFile()
    writeFileSync(empty, '')
    files.push(empty)
    const found = [{ code: 'STORE_EMPTY', severity: 'notice', text: expect.stringContaining(empty) }]
    expect(await doctor()).toMatchObject({ code: 0, found })
    expect(await doctor('--fix')).toMatchObject({ code: 0, found })
    expect(statSync(empty).size).toBe(0)
  })

  it('finds nothing where nothing is wrong', async () => {
    const { doctor } = await well(kind)
    expect(await doctor()).toEqual({ code: 0, found: [] })
  })

  it.each<[code: string, key: string, sql: string]>([
    ['COPY_LOST', 'b', "UPDATE alarm SET time = NULL, due = NULL, done = NULL WHERE key = 'b'"],
    ['COPY_LATER', 'b', "UPDATE alarm SET time = time + 1, due = due + 1 WHERE key = 'b'"],
    ['STORE_NOT_OPENED', 'b', "DELETE FROM alarm WHERE key = 'b'"],
    ['FENCE_AHEAD', 'b', `UPDATE alarm SET fence = ${fenceOf(900, 1)} WHERE key = 'b'`],
    ['ROW_UNREADABLE', 'b', "UPDATE alarm SET last_error = '{' WHERE key = 'b'"],
    ['ROW_UNREADABLE', 'b', `UPDATE alarm SET fence = ${2n ** 60n} WHERE key = 'b'`],
    ['ALARM_GIVEN_UP', 'b', "UPDATE alarm SET due = NULL, counted = 7 WHERE key = 'b'"],
    [
      'LEASE_STUCK',
      'b',
      `UPDATE alarm SET holder = 'dead', leased_until = ${time}, due = ${time}, begun = 1 WHERE key = 'b';
       INSERT INTO deliverer VALUES ('dead', 'host:1', 0, ${Date.now() - 700_000}, '{"fires":0,"failures":0,"lateness":{},"latest":0}')`,
    ],
  ])('names %s, and repairs it', async (code, key, sql) => {
    const { file, doctor } = await well(kind)
    change(file, sql)
    const found = await doctor()
    expect(found).toMatchObject({ code: 1, found: [{ code, key, severity: 'fault', canRepair: true }] })
    // Which has changed nothing but, from one second to the next, for how long something has been so.
    const untimed = (text: string): string => text.replaceAll(/\d+ s\b/g, '')
    const again = await doctor()
    expect(again.found.map(({ text }) => untimed(text))).toEqual(found.found.map(({ text }) => untimed(text)))
    expect(again).toMatchObject({ code: 1, found: [{ code, key }] })
    expect(await doctor('--fix')).toMatchObject({ code: 0, found: [{ code, key, outcome: 'repaired' }] })
    expect((await doctor()).found.filter(({ severity }) => severity === 'fault')).toEqual([])
    const manager = newManager({ file })
    expect(keys.map((each) => manager.get(each))).toEqual([time, time, time])
  })

  it.each([
    ['has never reported', ''],
    [
      'has reported a minute ago',
      `INSERT INTO deliverer VALUES ('h', 'host:1', 0, ${Date.now() - 60_000}, '{"fires":0,"failures":0,"lateness":{},"latest":0}');`,
    ],
  ])('takes no lease from what %s: its handler may be at work', async (_, sql) => {
    const { file, doctor } = await well(kind)
    change(
      file,
      `${sql} UPDATE alarm SET holder = 'h', leased_until = ${time}, due = ${time}, begun = 1 WHERE key = 'b'`,
    )
    const stuck = { code: 'LEASE_STUCK', canRepair: false }
    expect(await doctor('--fix')).toMatchObject({ code: 1, found: [{ ...stuck, outcome: 'not repaired' }] })
  })

  it('says of a copy that is earlier that it does no harm, and leaves it', async () => {
    const { file, doctor } = await well(kind)
    change(file, "UPDATE alarm SET time = time - 5, due = due - 5 WHERE key = 'b'")
    const earlier = { code: 'COPY_EARLIER', key: 'b', severity: 'notice' }
    expect(await doctor()).toMatchObject({ code: 0, found: [earlier] })
    expect(await doctor('--fix')).toMatchObject({
      code: 0,
      found: [{ ...earlier, outcome: 'left as it is' }],
    })
    expect(await doctor()).toMatchObject({ code: 0, found: [earlier] })
  })

  it('names a file of an older version, and brings it up to date', async () => {
    const { file, doctor } = await well(kind)
    change(
      file,
      `DROP INDEX alarm_due; DROP INDEX alarm_aside; ALTER TABLE alarm DROP COLUMN aside; DROP TABLE pauses; DROP TABLE deliverer;
       CREATE INDEX alarm_due ON alarm (due) WHERE due IS NOT NULL; PRAGMA user_version = 2`,
    )
    expect(await doctor()).toMatchObject({ code: 1, found: [{ code: 'SCHEMA_OLDER', key: null }] })
    expect(await doctor('--fix')).toMatchObject({ code: 0, found: [{ outcome: 'repaired' }] })
    expect(await doctor()).toEqual({ code: 0, found: [] })
  })

  it('names a file of a newer version, which it leaves alone', async () => {
    const { file, doctor } = await well(kind)
    change(file, 'PRAGMA user_version = 900')
    const newer = { code: 'SCHEMA_NEWER', canRepair: false }
    expect(await doctor()).toMatchObject({ code: 1, found: [newer] })
    expect(await doctor('--fix')).toMatchObject({ code: 1, found: [{ ...newer, outcome: 'not repaired' }] })
  })

  it('names stores of another version', async () => {
    const { files, doctor } = await well(kind)
    const table = kind === 'sqliteStore' ? '_nolater_actor' : '_nolater_version'
    change(files[0] as string, `UPDATE ${table} SET version = version - 1`)
    expect(await doctor()).toMatchObject({ code: 1, found: [{ code: 'SCHEMA_OLDER' }] })
    change(files[0] as string, `UPDATE ${table} SET version = 900`)
    expect(await doctor()).toMatchObject({ code: 1, found: [{ code: 'SCHEMA_NEWER' }] })
  })

  it('reads nothing in stores of another version', async () => {
    const { files, doctor } = await well(kind)
    const [table, version] =
      kind === 'sqliteStore' ? ['_nolater_actor', '_nolater_actor'] : ['_nolater_actors', '_nolater_version']
    for (const file of files)
      change(file, `UPDATE ${version} SET version = 900; ALTER TABLE ${table} RENAME COLUMN raised TO other`)
    const found = files.map(() => ({ code: 'SCHEMA_NEWER' }))
    expect(await doctor()).toMatchObject({ code: 1, found })
  })

  it('names no clock where the machine was started since the file was used', async () => {
    const { file, doctor } = await well(kind)
    change(file, 'UPDATE clock SET ahead = ahead - 7000, elapsed = 9e15')
    expect(await doctor()).toEqual({ code: 0, found: [] })
  })

  it('names a clock that disagrees with the file', async () => {
    const { file, doctor } = await well(kind)
    change(file, 'UPDATE clock SET ahead = ahead - 7000')
    expect(await doctor()).toMatchObject({
      code: 0,
      found: [{ code: 'CLOCK_DISAGREES', text: expect.stringMatching(/forward by (699|700)\d ms/) }],
    })
    change(file, `UPDATE clock SET elapsed = 9e15; UPDATE alarm SET changed_at = ${time}`)
    expect(await doctor()).toMatchObject({ found: [{ code: 'CLOCK_DISAGREES', text: /3 rows/ }] })
  })

  it('says that nothing delivers what is due, or that what delivers does not keep up', async () => {
    const { file, doctor } = await well(kind)
    change(file, `UPDATE alarm SET due = ${Date.now() - 60_000}`)
    expect(await doctor()).toMatchObject({ code: 1, found: [{ code: 'NOTHING_DELIVERS', key: null }] })
    const now = Date.now()
    const minute = '{"fires":0,"failures":0,"lateness":{},"latest":0}'
    change(file, `INSERT INTO deliverer VALUES ('h', 'host:1', ${now}, ${now}, '${minute}')`)
    expect(await doctor()).toMatchObject({ code: 1, found: [{ code: 'ALARM_OVERDUE' }] })
    change(file, `UPDATE deliverer SET seen = ${now - 15_000}`)
    expect(await doctor()).toMatchObject({
      code: 1,
      found: [
        {
          code: 'NOTHING_DELIVERS',
          text: expect.stringMatching(/^nothing seems to deliver: 3 due.* 1[5-9] s ago/),
        },
      ],
    })
    change(file, `UPDATE deliverer SET seen = ${now}`)
    change(file, `INSERT INTO pauses VALUES (0, 0, '[{"prefix":""}]')`)
    expect(await doctor()).toMatchObject({
      code: 1,
      found: [
        {
          code: 'ALARM_PAUSED',
          severity: 'fault',
          text: expect.stringMatching(/^paused: all; .* late by 1 min/),
        },
      ],
    })
    change(file, `UPDATE pauses SET scopes = '[{"key":"b"}]'`) // and what is not paused is late all the same
    expect(await doctor()).toMatchObject({
      code: 1,
      found: [{ code: 'ALARM_PAUSED' }, { code: 'ALARM_OVERDUE', key: expect.not.stringMatching(/^b$/) }],
    })
  })
})

describe('nolater doctor', () => {
  it('says what is damaged', async () => {
    const { file, doctor } = await well('sqliteStores')
    change(file, 'PRAGMA wal_checkpoint(TRUNCATE)')
    const { openSync, writeSync, closeSync } = await import('node:fs')
    const fd = openSync(file, 'r+')
    writeSync(fd, Buffer.alloc(100, 0x5a), 0, 100, 4_096) // the second page: that of the alarms
    closeSync(fd)
    const { code, found } = await doctor()
    expect(code).toBe(1)
    expect(found[0]).toMatchObject({ code: 'FILE_DAMAGED', severity: 'fault' })
  })

  it.each([
    ['a manager that is not there', async () => [`${newFile()}`], 3],
    ['a store that is not there', async () => [(await well('sqliteStore')).file, newFile()], 3],
    ['a directory', async () => [dirname(newFile())], 3],
    ['a directory of stores', async () => [(await well('sqliteStore')).file, dirname(newFile())], 3],
    ['a store in the place of a manager', async () => [...(await well('sqliteStores')).files], 3],
    [
      'a manager in the place of a store',
      async () => {
        const { file } = await well('sqliteStores')
        return [file, file]
      },
      3,
    ],
  ])('refuses %s, and makes nothing', async (_, files, exit) => {
    const { code, out, said } = await run(['doctor', ...(await files())])
    expect([code, out]).toEqual([exit, ''])
    expect(said).toMatch(/^nolater: .*\n$/)
  })

  it('prints what it found for people: the code, the key, what is the case and what to do', async () => {
    const { file, files } = await well('sqliteStores')
    change(file, 'UPDATE alarm SET due = NULL, counted = 7')
    const { out } = await run(['doctor', file, ...files])
    expect(out).toContain(
      'fault  ALARM_GIVEN_UP b\n       given up after 7 failures\n       to do: retry it, once its cause is mended; --fix does it',
    )
    expect(out).toContain('3 faults in the manager and its stores. --fix repairs')
    expect(await run(['doctor', file, ...files, '--fix'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('3 of 3 repaired.'),
    })
    expect((await run(['doctor', file])).out).toMatch(
      /\nNothing is wrong with the manager alone: give its stores to compare them\.\n$/,
    )
  })
})

describe('an empty file', () => {
  it.each([['list'], ['stats'], ['doctor'], ['doctor', '--fix'], ['retry', '--all'], ['pause', '--all']])(
    'is no manager, and is not made one: %s %s',
    async (command, ...more) => {
      const file = newFile()
      writeFileSync(file, '')
      expect(await run([command, file, ...more])).toMatchObject({
        code: 3,
        said: expect.stringContaining('is empty: nothing was written to it yet. Give that of sqliteManager.'),
      })
      expect(statSync(file).size).toBe(0)
    },
  )
})
