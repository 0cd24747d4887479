import {
  type ChangedAlarm,
  type FleetDelivery,
  type Forward,
  type PostgresFleet,
  type PostgresFleetOptions,
  postgresFleet,
} from 'nolater/postgres'
import pg from 'pg'
import { firstValueFrom, NEVER, throwError } from 'rxjs'
import { describe, it } from 'vitest'
import { idOf } from '../../../src/postgres/alarm-key.ts'
import { shardOf, shardOfRow } from '../../../src/postgres/fleet/shard-of.ts'
import { quoted, sleep, until } from '../rig.ts'
import { serverOfFile } from '../server.ts'

const server = serverOfFile()
const HOUR = 3_600_000

interface Rig {
  /** a table */
  readonly item: string
  open(options?: Partial<PostgresFleetOptions>): Promise<PostgresFleet>
  readonly delivered: FleetDelivery[]
  query<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>
}

async function withFleets(test: (rig: Rig) => Promise<void>): Promise<void> {
  if (typeof server === 'string') throw new Error(server)
  const schema = server.newSchema()
  const pools: pg.Pool[] = []
  const fleets: PostgresFleet[] = []
  const delivered: FleetDelivery[] = []
  const { connectionString } = server
  await server.query(`CREATE SCHEMA ${quoted(schema)}`)
  await server.query(`CREATE TABLE ${quoted(schema)}.item (actor text, name text)`)
  try {
    await test({
      item: `${quoted(schema)}.item`,
      delivered,
      async open(options = {}) {
        const pool = new pg.Pool({ connectionString })
        pools.push(pool)
        const fleet = await postgresFleet({
          pool,
          schema,
          shards: 16,
          handler: (delivery) => {
            delivered.push(delivery)
            return []
          },
          ...options,
        })
        fleets.push(fleet)
        return fleet
      },
      query: (text, values) => server.query(text.replaceAll('$schema', quoted(schema)), values),
    })
  } finally {
    await Promise.allSettled(fleets.map((fleet) => fleet.close()))
    for (const pool of pools) await pool.end()
    await server.query(`DROP SCHEMA ${quoted(schema)} CASCADE`)
  }
}

const SHARDS = 16
const owned = (fleet: PostgresFleet): ReadonlySet<number> => {
  let now: ReadonlySet<number> = new Set()
  fleet.owned$.subscribe((shards) => (now = shards)).unsubscribe()
  return now
}
const ownsAll = (fleet: PostgresFleet): Promise<unknown> => until(() => owned(fleet).size === SHARDS)
const codeOf = (asked: Promise<unknown>): Promise<unknown> =>
  asked.then(
    () => 'done',
    (error) => error.code ?? error,
  )

describe.skipIf(typeof server === 'string')('postgresFleet', { timeout: 60_000 }, () => {
  it('commits a change with its alarm, delivers it, and deletes it then', ({ expect }) =>
    withFleets(async ({ open, delivered, query, item }) => {
      const fleet = await open()
      await ownsAll(fleet)
      const left = await fleet.change('a', async (tx, alarm) => {
        await tx.query(`INSERT INTO ${item} VALUES ('a', 'tea')`)
        alarm.setIn(20)
        return alarm.time
      })
      expect(left).toBeGreaterThan(0)
      await until(() => delivered.length === 1)
      expect(delivered[0]).toMatchObject({ key: 'a', scheduledTime: left, retryCount: 0, isRetry: false })
      await until(
        async () =>
          (
            await query<{ time: unknown; holder: unknown }>('SELECT time, holder FROM $schema._nolater_alarm')
          )[0],
        ({ time, holder }: any) => time === null && holder === null,
      )
      expect(await query('SELECT * FROM $schema.item')).toEqual([{ actor: 'a', name: 'tea' }])
      expect(await fleet.change('a', (_, alarm) => alarm.time)).toBe(null)
    }))

  it('finds the shard of a key as SQL does', ({ expect }) =>
    withFleets(async ({ open, query }) => {
      await open()
      const keys = Array.from({ length: 500 }, (_, i) => `key ${i}`)
      const rows = await query<{ shard: number }>(
        `SELECT ${shardOfRow(1_000)} AS shard FROM (SELECT decode(asked, 'hex') AS id, place FROM unnest($1::text[]) WITH ORDINALITY AS asked (asked, place)) AS row ORDER BY place`,
        [keys.map(idOf)],
      )
      expect(rows.map(({ shard }) => shard)).toEqual(keys.map((key) => shardOf(key, 1_000)))
    }))

  it('undoes the change of one actor alone, in a transaction that they share', ({ expect }) =>
    withFleets(async ({ open, query, item }) => {
      const fleet = await open()
      await ownsAll(fleet)
      const all = await Promise.allSettled(
        ['a', 'b', 'c', 'd'].map((key) =>
          fleet.change(key, async (tx, alarm) => {
            const { rows } = await tx.query(
              `INSERT INTO ${item} VALUES ($1, 'tea') RETURNING txid_current() AS tx`,
              [key],
            )
            alarm.set(Date.now() + HOUR)
            if (key === 'b') throw new RangeError('no')
            if (key === 'd') await tx.query('SELECT 1 / 0').catch(() => {}) // which the transaction remembers
            return rows[0].tx
          }),
        ),
      )
      expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected'])
      expect(all[1]).toMatchObject({ reason: { message: 'no' } })
      expect(all[3]).toMatchObject({ reason: { code: '25P02' } })
      expect((all[0] as { value: string }).value).toBe((all[2] as { value: string }).value)
      expect(await query('SELECT actor FROM $schema.item ORDER BY actor')).toEqual([
        { actor: 'a' },
        { actor: 'c' },
      ])
      expect(await query('SELECT key FROM $schema._nolater_alarm ORDER BY key')).toEqual([
        { key: 'a' },
        { key: 'c' },
      ])
      expect(fleet.actor('a').time).toBeGreaterThan(Date.now())
      expect(fleet.actor('b').time).toBe(null)
    }))

  it('divides the shards, refuses what another one owns, and takes over what one leaves', ({ expect }) =>
    withFleets(async ({ open, delivered }) => {
      const one = await open({ address: 'one' })
      await ownsAll(one)
      const two = await open({ address: 'two' })
      await until(() => owned(one).size === 8 && owned(two).size === 8)
      const at = (fleet: PostgresFleet, key: string) =>
        codeOf(fleet.change(key, (_, alarm) => alarm.setIn(200)))
      for (let i = 0; i < 20; i++) {
        expect([await at(one, `k${i}`), await at(two, `k${i}`)].sort()).toEqual(['ALARM_FENCED', 'done'])
      }
      await one.close()
      await ownsAll(two)
      await until(() => new Set(delivered.map(({ key }) => key)).size === 20)
      expect(await at(two, 'k0')).toBe('done')
    }))

  it('takes over from one that has died, and delivers at once what it was delivering', ({ expect }) =>
    withFleets(async ({ open, query }) => {
      const begun: string[] = []
      const one = await open({ address: 'one', handler: ({ key }) => (begun.push(`one ${key}`), NEVER) })
      await ownsAll(one)
      await one.change('a', (_, alarm) => alarm.set(0))
      await until(() => begun.length === 1)
      const two = await open({ address: 'two', handler: ({ key }) => (begun.push(`two ${key}`), []) })
      await query(`UPDATE $schema._nolater_process SET lease_until = 0 WHERE address = 'one'`)
      await until(() => begun.length === 2)
      expect(begun).toEqual(['one a', 'two a'])
      expect(await codeOf(two.change('a', () => {}))).toBe('done')
      await until(() => owned(one).size + owned(two).size === SHARDS && owned(one).size === 8)
    }))

  it('commits nothing in a shard that is another one’s by now', ({ expect }) =>
    withFleets(async ({ open, query, item }) => {
      const fleet = await open({ ownerLease: 30_000 })
      await ownsAll(fleet)
      await fleet.change('a', (_, alarm) => alarm.set(Date.now() + HOUR))
      await query(`UPDATE $schema._nolater_shard SET owner = gen_random_uuid(), epoch = epoch + 1`)
      const refused = await codeOf(
        fleet.change('a', (tx) => tx.query(`INSERT INTO ${item} VALUES ('a', 'tea')`)),
      )
      expect(refused).toBe('ALARM_FENCED')
      fleet.actor('a').set(Date.now() + 2 * HOUR)
      expect(await codeOf(firstValueFrom(fleet.actor('a').confirmed()))).toBe('ALARM_FENCED')
      expect(await query('SELECT 1 FROM $schema.item')).toEqual([])
    }))

  it('lets a commit that is under way end before its shard has another owner', ({ expect }) =>
    withFleets(async ({ open, query, item }) => {
      const fleet = await open()
      await ownsAll(fleet)
      let taking: Promise<unknown> | undefined
      let isTaken = false
      await fleet.change('a', async (tx) => {
        taking = query(`UPDATE $schema._nolater_shard SET owner = gen_random_uuid()`).then(
          () => (isTaken = true),
        )
        await sleep(50)
        expect(isTaken).toBe(false)
        await tx.query(`INSERT INTO ${item} VALUES ('a', 'tea')`)
      })
      await taking
      expect(await query('SELECT actor FROM $schema.item')).toEqual([{ actor: 'a' }])
    }))

  it('refuses what would end the transaction of others, or wait for itself', ({ expect }) =>
    withFleets(async ({ open, query, item }) => {
      const fleet = await open()
      await ownsAll(fleet)
      for (const text of [
        'COMMIT',
        ' /* x */ rollback',
        '-- y\nBEGIN',
        '; END',
        `INSERT INTO ${item} VALUES ('b', 'x'); COMMIT`,
      ])
        expect(await codeOf(fleet.change('b', (tx) => tx.query(text)))).toMatch(
          /^(ALARM_TRANSACTION_INVALID|42601)$/,
        )
      expect(await codeOf(fleet.change('a', () => fleet.change('c', () => {})))).toBe(
        'ALARM_TRANSACTION_INVALID',
      )
      expect(await codeOf(fleet.change('a', 7 as never))).toBe('ALARM_CONFIG_INVALID')
      expect(await query('SELECT actor FROM $schema.item')).toEqual([])
    }))

  it('does not wait for a function that has no end, and lets the others go on', ({ expect }) =>
    withFleets(async ({ open, query, item }) => {
      const fleet = await open({ timeout: 500 })
      await ownsAll(fleet)
      const add = (key: string) => (tx: pg.ClientBase) =>
        tx.query(`INSERT INTO ${item} VALUES ($1, 'tea')`, [key])
      const all = [
        fleet.change('a', add('a')),
        fleet.change('b', () => new Promise(() => {})),
        fleet.change('c', add('c')),
      ]
      expect(await Promise.all(all.map(codeOf))).toEqual(['done', 'ALARM_TRANSACTION_INVALID', 'done'])
      expect(await query('SELECT actor FROM $schema.item ORDER BY actor')).toEqual([
        { actor: 'a' },
        { actor: 'c' },
      ])
    }))

  it('leaves a back-off as it is where only the state is changed, and ends it with the same time set again', ({
    expect,
  }) =>
    withFleets(async ({ open, query }) => {
      let isFailing = true
      const fleet = await open({ handler: () => (isFailing ? throwError(() => new Error('no')) : []) })
      await ownsAll(fleet)
      const time = await fleet.change('a', (_, alarm) => (alarm.set(0), alarm.time))
      const failed = () =>
        query<{ counted: number; due: string; fence: string }>(
          'SELECT counted, due, fence FROM $schema._nolater_alarm WHERE counted > 0 AND holder IS NULL',
        )
      const [before] = await until(failed, ({ length }) => length === 1)
      await fleet.change('a', (tx) => tx.query('SELECT 1'))
      expect(await failed()).toEqual([before])
      isFailing = false
      await fleet.change('a', (_, alarm) => alarm.set(time as number))
      await until(
        async () =>
          (await query<{ time: unknown }>('SELECT time FROM $schema._nolater_alarm'))[0]?.time === null,
      )
    }))

  it('asks the owner for an operation, once where it has an id', ({ expect }) =>
    withFleets(async ({ open, query, item }) => {
      const operations = {
        add: async (tx: pg.ClientBase, alarm: ChangedAlarm, { name }: { name: string }) => {
          if (name === 'no') throw new RangeError('no such thing')
          await tx.query(`INSERT INTO ${item} VALUES ('a', $1)`, [name])
          alarm.set(Date.now() + HOUR)
          return { added: name }
        },
      }
      const fleets: PostgresFleet[] = []
      const lost = new Set<string>()
      const forward: Forward = async ({ address, ...request }) => {
        const owner = fleets[Number(address)] as PostgresFleet
        const result = await owner.serve(JSON.parse(JSON.stringify(request)))
        if (lost.delete(request.id ?? '')) throw new Error('the answer was lost')
        return result
      }
      for (const address of ['0', '1']) {
        fleets.push(await open({ address, operations, forward }))
        await until(() => owned(fleets[0]!).size === (address === '0' ? SHARDS : SHARDS / 2))
      }
      const [one, two] = fleets as [PostgresFleet, PostgresFleet]
      await until(() => owned(two).size === SHARDS / 2)
      for (const fleet of fleets)
        expect(await fleet.call('a', 'add', { name: 'tea' })).toEqual({ added: 'tea' })
      lost.add('x').add('y')
      for (const fleet of fleets)
        expect(await fleet.call('a', 'add', { name: 'milk' }, { id: 'x' })).toEqual({ added: 'milk' })
      const codes = await Promise.all(
        fleets.map((fleet) => fleet.call('a', 'add', { name: 'no' }).then(String, String)),
      )
      expect(codes).toEqual(['RangeError: no such thing', 'RangeError: no such thing'])
      expect(await codeOf(one.call('a', 'nosuch'))).toBe('ALARM_CONFIG_INVALID')
      expect(
        await query('SELECT name, count(*)::integer FROM $schema.item GROUP BY name ORDER BY name'),
      ).toEqual([
        { name: 'milk', count: 1 },
        { name: 'tea', count: 2 },
      ])
    }))

  it('is refused another number of shards than there are', ({ expect }) =>
    withFleets(async ({ open }) => {
      await open()
      await expect(open({ shards: 17 })).rejects.toMatchObject({
        code: 'ALARM_CONFIG_INVALID',
        message: expect.stringContaining('16'),
      })
      await expect(open({ shards: 0 })).rejects.toMatchObject({ code: 'ALARM_CONFIG_INVALID' })
    }))
})
