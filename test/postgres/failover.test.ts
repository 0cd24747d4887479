import { memoryManager } from 'nolater'
import { type PostgresStore, postgresManager, postgresStore } from 'nolater/postgres'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findBinaries } from '../../examples/postgres-server/binaries.ts'
import { postgresPatients } from '../../src/operating/doctor/postgres-patients.ts'
import { until } from './rig.ts'
import { type Pair, startPair } from './standby.ts'

const isMissing = findBinaries() === null
const DAY = 86_400_000

describe.skipIf(isMissing)('a standby that takes over without the newest openings', () => {
  let pair: Pair
  let pool: pg.Pool

  beforeAll(async () => {
    pair = await startPair(['max_connections=20'])
    pool = new pg.Pool({ connectionString: pair.primary.connectionString })
    pool.on('error', () => {})
  }, 300_000)
  afterAll(async () => {
    await pool?.end()
    await pair?.stop()
  }, 60_000)

  const query = async (text: string, { connectionString } = pair.standby): Promise<unknown> => {
    const client = new pg.Client({ connectionString })
    await client.connect()
    try {
      const { rows } = await client.query<[unknown]>({ text, rowMode: 'array' })
      return rows[0]?.[0]
    } finally {
      await client.end()
    }
  }

  const facts = async (): Promise<unknown> => {
    const manager = postgresManager({ pool })
    const ready = await manager.ready()
    await manager.close()
    const { manager: patient, stores } = await postgresPatients(pair.primary.connectionString, undefined)
    const codes: string[] = []
    for await (const { code } of patient.damage(async () => {})) codes.push(code)
    await Promise.all([...stores, patient].map((each) => each.close()))
    return { ...ready, codes }
  }

  it('is known beforehand: whether commits wait for a standby', { timeout: 120_000 }, async () => {
    const follow = (names: string): Promise<unknown> =>
      query(`ALTER SYSTEM SET synchronous_standby_names = '${names}'`, pair.primary).then(() =>
        query('SELECT pg_reload_conf()', pair.primary),
      )
    expect(await facts()).toEqual({ standbys: 1, synchronous: false, codes: ['STANDBY_ASYNCHRONOUS'] })
    await follow('standby')
    await until(async () => (await query('SHOW synchronous_standby_names', pair.primary)) === 'standby')
    expect(await facts()).toEqual({ standbys: 1, synchronous: true, codes: [] })
    await query("ALTER ROLE postgres SET synchronous_commit = 'local'", pair.primary)
    expect(await facts()).toMatchObject({ codes: ['STANDBY_ASYNCHRONOUS'] })
    await query('ALTER ROLE postgres RESET synchronous_commit', pair.primary)
    await follow('')
  })

  it('is known beforehand: whether connections are scarce', { timeout: 120_000 }, async () => {
    const others = Array.from({ length: 13 }, () => new pg.Client(pair.primary.connectionString))
    for (const other of others) await other.connect()
    expect(await facts()).toMatchObject({ codes: expect.arrayContaining(['CONNECTIONS_SCARCE']) })
    for (const other of others) await other.end()
    await until(async () => !((await facts()) as { codes: string[] }).codes.includes('CONNECTIONS_SCARCE'))
  })

  it('leaves an actor one owner, with fences above all that were lost', { timeout: 120_000 }, async () => {
    // What wakes the actors is elsewhere, and remembers what it was sent.
    const sent: { readonly key: string; readonly fence: number }[] = []
    const far = memoryManager()
    const manager: typeof far = {
      ...far,
      write(key, time, info) {
        sent.push({ key, fence: info.fence })
        return far.write(key, time, info)
      },
    }
    const open = (key: string): Promise<PostgresStore> => postgresStore({ key, pool, manager })
    const set = async (store: PostgresStore, days: number): Promise<void> => {
      store.alarm.set(Date.now() + days * DAY)
      await store.alarm.drained()
    }
    await set(await open('known'), 9)
    await open('forgotten')
    await pool.query('UPDATE nolater._nolater_version SET forgotten = 1000000')
    const lsn = await query('SELECT pg_current_wal_flush_lsn()', pair.primary)
    await until(() => query(`SELECT pg_last_wal_replay_lsn() >= '${lsn}'`))

    // What comes now, the standby will never have.
    await pair.standby.crash()
    const zombies = [await open('known'), await open('known'), await open('new'), await open('newer')]
    for (const zombie of zombies.slice(1)) await set(zombie, 8)

    await pair.primary.crash()
    await pair.standby.start()
    await query('SELECT pg_promote()')
    // As behind an address that moves with the primary.
    pool.options.connectionString = pair.standby.connectionString
    await until(() => pool.query('SELECT').then(Boolean, () => false))

    const lost = sent.splice(0)
    const owners = [await open('known'), await open('new')]
    await (await open('forgotten')).forget() // it must not be taken for the newest that was forgotten
    owners.push(await open('newer'))
    for (const owner of owners) await set(owner, 7)
    for (const { key, fence } of lost) {
      expect(
        Math.min(...sent.filter((other) => other.key === key).map((other) => other.fence)),
      ).toBeGreaterThan(fence)
    }
    for (const zombie of zombies) {
      await expect(set(zombie, 6)).rejects.toMatchObject({ code: 'ALARM_FENCED' })
    }

    // Once more on the same timeline: nothing was lost since.
    const again = await open('known')
    expect(again.epoch).toBe(owners[0]!.epoch + 1)
    await Promise.all([...zombies, ...owners, again].map((store) => store.close().catch(() => {})))
  })
})
