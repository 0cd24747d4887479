import type { ChangedAlarm, FleetDelivery, FleetHealth, Forward, PostgresFleet } from 'nolater/postgres'
import pg from 'pg'
import { concat, defer, filter, firstValueFrom, from, NEVER, Subject, tap, throwError } from 'rxjs'
import { describe, it } from 'vitest'
import { idOf } from '../../../src/postgres/alarm-key.ts'
import { shardOf, shardOfRow } from '../../../src/postgres/fleet/shard-of.ts'
import { sleep, until, wrongClock } from '../rig.ts'
import { serverOfFile } from '../server.ts'
import { codeOf, fleetsOn, heldPool, type Late, owned, ownsAll, SHARDS, whereOf } from './fleet-rig.ts'

const server = serverOfFile()
const withFleets = fleetsOn(server)
const HOUR = 3_600_000

describe.skipIf(typeof server === 'string')('postgresFleet', { timeout: 60_000 }, () => {
  it('commits a change with its alarm, delivers it, and deletes it then', ({ expect }) =>
    withFleets(async ({ open, delivered, query, item }) => {
      const fleet = await open({ pollInterval: 60_000 })
      await ownsAll(fleet)
      const left = await fleet.change('a', async (tx, alarm) => {
        await tx.query(`INSERT INTO ${item} VALUES ('a', 'tea')`)
        alarm.setIn(20)
        return alarm.time
      })
      expect(left).toBeGreaterThan(0)
      await until(() => delivered.length === 1)
      expect(delivered[0]).toMatchObject({ key: 'a', scheduledTime: left, retryCount: 0, isRetry: false })
      const rows = () =>
        query<{ time: unknown; holder: unknown }>('SELECT time, holder FROM $schema._nolater_alarm')
      await until(rows, ([row]) => row?.time === null && row.holder === null)
      expect(await query('SELECT * FROM $schema.item')).toEqual([{ actor: 'a', name: 'tea' }])
      expect(await fleet.change('a', (_, alarm) => alarm.time)).toBe(null)
    }))

  it('finds the shard of a key as SQL does', ({ expect }) =>
    withFleets(async ({ open, query }) => {
      await open()
      const keys = Array.from({ length: 500 }, (_, i) => `key ${i}`)
      const rows = await query<{ shard: number }>(
        `SELECT ${shardOfRow(1_000)} AS shard FROM (SELECT decode(asked, 'hex') AS id, place FROM unnest($1::text[]) WITH ORDINALITY AS asked (asked, place)) AS _nolater_alarm ORDER BY place`,
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
    withFleets(async ({ open, query, delivered }) => {
      const one = await open()
      await ownsAll(one)
      await one.change('a', (_, alarm) => alarm.setIn(HOUR))
      await one.close()
      // What a process leaves that was killed while its handler was at work.
      const dead = crypto.randomUUID()
      await query(
        `INSERT INTO $schema._nolater_process SELECT $1, NULL, 1500, extract(epoch FROM clock_timestamp()) * 1000`,
        [dead],
      )
      await query('UPDATE $schema._nolater_shard SET owner = $1, epoch = epoch + 1', [dead])
      await query(
        `UPDATE $schema._nolater_alarm SET holder = $1, begun = true, time = 1, leased_until = due, due = due`,
        [dead],
      )
      const two = await open({ ownerLease: 1_500 })
      await until(() => delivered.length === 1)
      expect(delivered).toMatchObject([{ key: 'a', scheduledTime: 1 }])
      expect(owned(two).size).toBe(SHARDS)
      expect(await codeOf(two.change('a', () => {}))).toBe('done')
    }))

  it('finds out what it owns where the answer to a move was lost', ({ expect }) =>
    withFleets(async ({ open, query }) => {
      const fleet = await open({ ownerLease: 1_500 })
      await ownsAll(fleet)
      await query('UPDATE $schema._nolater_shard SET owner = NULL WHERE id < 4')
      await query('UPDATE $schema._nolater_shard SET epoch = epoch + 1 WHERE id >= 12')
      const keys = Array.from({ length: 40 }, (_, i) => `k${i}`)
      const all = () =>
        Promise.all(keys.map((key) => codeOf(fleet.change(key, (_, alarm) => alarm.setIn(HOUR)))))
      await until(all, (codes) => codes.every((code) => code === 'done'))
      expect(owned(fleet).size).toBe(SHARDS)
    }))

  it('lets a commit that was not answered land before it loads the actor again, or never', ({ expect }) =>
    withFleets(async ({ open, query }) => {
      const late: Late = { isHeld: false, ended: Promise.resolve() }
      const pool = heldPool(server, late)
      const fleet = await open({ pool })
      await ownsAll(fleet)
      const [time, other] = [Date.now() + HOUR, Date.now() + 2 * HOUR]
      fleet.actor('a').set(time)
      await firstValueFrom(fleet.actor('a').confirmed())
      late.isHeld = true
      fleet.actor('a').set(other)
      expect(await codeOf(firstValueFrom(fleet.actor('a').confirmed()))).toBe('ALARM_COMMIT_FAILED')
      await fleet.change('a', (_, alarm) => alarm.set(time)) // the same, as far as memory goes
      await late.ended
      expect(await query('SELECT time::float8 FROM $schema._nolater_alarm')).toEqual([{ time }])
      expect(fleet.actor('a').time).toBe(time)
    }))

  it('delivers what the row has where its memory has another, and takes that', ({ expect }) =>
    withFleets(async ({ open, query, delivered }) => {
      const fleet = await open({ pollInterval: 100 })
      await ownsAll(fleet)
      await fleet.change('a', (_, alarm) => alarm.setIn(HOUR))
      // As a standby that is promoted has it, where the newest commits are lost.
      await query('UPDATE $schema._nolater_alarm SET time = 1, due = 1')
      await until(() => delivered.length === 1)
      expect(delivered).toMatchObject([{ key: 'a', scheduledTime: 1 }])
      await until(
        () => query<{ time: unknown }>('SELECT time FROM $schema._nolater_alarm'),
        ([row]) => row?.time === null,
      )
    }))

  it('runs once more what the server has rolled back, and nothing else', ({ expect }) =>
    withFleets(async ({ open, query, item }) => {
      const fleet = await open()
      await ownsAll(fleet)
      const runs = { a: 0, b: 0, c: 0 }
      const raise = (state: string) => `DO $$BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${state}'; END$$`
      const all = [
        fleet.change('a', async (tx, alarm) => {
          await tx.query(`INSERT INTO ${item} VALUES ('a', 'tea')`)
          alarm.setIn(HOUR)
          if (runs.a++ === 0) await tx.query(raise('40001'))
        }),
        fleet.change('b', async () => {
          runs.b++
          throw Object.assign(new Error('no'), { code: 409 })
        }),
        fleet.change('c', async (tx) => {
          runs.c++
          await tx.query(raise('40P01'))
        }),
      ]
      expect(await Promise.all(all.map(codeOf))).toEqual(['done', 409, '40P01'])
      expect(runs).toEqual({ a: 2, b: 1, c: 5 })
      expect(await query('SELECT actor FROM $schema.item')).toEqual([{ actor: 'a' }])
    }))

  it('breaks no other change with that of an actor whose alarm breaks meanwhile', ({ expect }) =>
    withFleets(async ({ open, query, item }) => {
      const fleet = await open()
      await ownsAll(fleet)
      const add = (key: string) => (tx: pg.ClientBase) =>
        tx.query(`INSERT INTO ${item} VALUES ($1, 'tea')`, [key])
      const closing = fleet.events$.subscribe(({ kind, key }) => {
        if (kind === 'commit-issued' && key === 'c') fleet.actor('d').close()
      })
      const all = [
        fleet.change('a', async (tx) => {
          await add('a')(tx)
          fleet.actor('a').close()
        }),
        fleet.change('b', add('b')),
        fleet.change('c', add('c')),
        fleet.change('d', add('d')),
      ]
      expect(await Promise.all(all.map(codeOf))).toEqual(['ALARM_CLOSED', 'done', 'done', 'ALARM_CLOSED'])
      closing.unsubscribe()
      expect(await query('SELECT actor FROM $schema.item ORDER BY actor')).toEqual([
        { actor: 'b' },
        { actor: 'c' },
      ])
    }))

  it('leaves no statement behind that has taken too long', ({ expect }) =>
    withFleets(async ({ open, query }) => {
      const fleet = await open({ timeout: 500 })
      await ownsAll(fleet)
      expect(await codeOf(fleet.change('a', (tx) => tx.query('SELECT pg_sleep(300)')))).toMatch(
        /^(ALARM_TRANSACTION_INVALID|57014)$/,
      )
      await until(
        () =>
          query<{ count: number }>(
            `SELECT count(*)::integer FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(300)' AND state = 'active'`,
          ),
        ([row]) => row?.count === 0,
      )
      const settings = await fleet.change('a', (tx) =>
        tx.query(
          `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
            current_setting('idle_in_transaction_session_timeout') AS idle`,
        ),
      )
      expect(settings.rows).toEqual([{ statement: '500ms', lock: '500ms', idle: '10s' }]) // also where this process dies
    }))

  it('gives back what it was delivering when its shard is another one’s, as it was', ({ expect }) =>
    withFleets(async ({ open, query }) => {
      const begun: FleetDelivery[] = []
      const failures: unknown[] = []
      const fleet = await open({
        handler(delivery) {
          begun.push(delivery)
          const failures$ = from(query('SELECT counted, uncounted FROM $schema._nolater_alarm'))
          return begun.length === 1 ? NEVER : failures$.pipe(tap((rows) => failures.push(...rows)))
        },
      })
      await ownsAll(fleet)
      await fleet.change('a', (_, alarm) => alarm.set(0))
      await until(() => begun.length === 1)
      await query('UPDATE $schema._nolater_shard SET owner = gen_random_uuid()')
      await until(() => begun.length === 2)
      expect(begun[1]).toEqual(begun[0])
      await until(() => failures.length === 1)
      expect(failures).toEqual([{ counted: 0, uncounted: 0 }])
    }))

  it('runs no handler while the commit is not answered that may be of its alarm', ({ expect }) =>
    withFleets(async ({ open }) => {
      const late: Late = { isHeld: false, isApplied: true, ended: Promise.resolve() }
      const answered: unknown[] = []
      const fleet = await open({
        pool: heldPool(server, late),
        pollInterval: 50,
        handler: () => {
          answered.push(late.isAnswered)
          return []
        },
      })
      await ownsAll(fleet)
      fleet.actor('a').touch()
      await firstValueFrom(fleet.actor('a').confirmed())
      late.isHeld = true
      fleet.actor('a').set(0)
      await until(() => answered.length === 1)
      expect(answered).toEqual([true])
    }))

  it('begins a change once more whose shard has got another epoch from this very process', ({ expect }) =>
    withFleets(async ({ open, query }) => {
      const late: Late = { isHeld: false, ended: Promise.resolve() }
      const pool = heldPool(server, late)
      const fleet = await open({ pool, shards: 1 })
      await until(() => owned(fleet).size === 1)
      const time = Date.now() + HOUR
      const connect = pool.connect.bind(pool) as (...asked: unknown[]) => Promise<pg.PoolClient>
      let isHeld = true
      pool.connect = (async (...asked: unknown[]) => {
        const client = await connect(...asked)
        if (asked.length > 0) return client // a statement of the pool's own
        if (isHeld) {
          isHeld = false
          late.isHeld = true
          fleet.actor('b').set(time)
          await codeOf(firstValueFrom(fleet.actor('b').confirmed()))
          fleet.actor('b').touch()
          await codeOf(firstValueFrom(fleet.actor('b').confirmed()))
        }
        return client
      }) as never
      expect(await codeOf(fleet.change('a', (_, alarm) => alarm.set(time)))).toBe('done')
      expect(isHeld).toBe(false)
      await late.ended
      expect(await query('SELECT epoch FROM $schema._nolater_shard')).toEqual([{ epoch: 2 }])
    }))

  it('rolls back what a handler has under way when its lease ends', ({ expect }) =>
    withFleets(async ({ open, query, item }) => {
      const codes: unknown[] = []
      const fleet = await open({
        lease: 600,
        handler: async ({ key }) => {
          const change = fleet.change(key, async (tx) => {
            await tx.query(`INSERT INTO ${item} VALUES ($1, 'tea')`, [key])
            if (codes.length === 0) await sleep(1_200)
          })
          codes.push(await codeOf(change))
        },
      })
      await ownsAll(fleet)
      await fleet.change('a', (_, alarm) => alarm.set(0))
      await until(() => codes.includes('done'))
      expect(codes[0]).toBe('ALARM_CLOSED')
      expect(await query('SELECT actor FROM $schema.item')).toEqual([{ actor: 'a' }])
    }))

  it('keeps an actor in memory while it is being changed', ({ expect }) =>
    withFleets(async ({ open, query }) => {
      const fleet = await open({ maxActors: 2 })
      await ownsAll(fleet)
      const [first, then] = [Date.now() + 2 * HOUR, Date.now() + HOUR]
      await fleet.change('a', (_, alarm) => alarm.set(first))
      await fleet.change('a', async () => {
        // Each takes the place of an idle one.
        for (const key of ['b', 'c', 'd']) {
          fleet.actor(key).touch()
          expect(await codeOf(firstValueFrom(fleet.actor(key).confirmed()))).toBe('done')
        }
        fleet.actor('a').set(then)
      })
      expect(fleet.actor('a').time).toBe(then)
      expect(await query('SELECT time::float8 FROM $schema._nolater_alarm')).toEqual([{ time: then }])
    }))

  it('does not take for refused what was sent and not answered', ({ expect }) =>
    withFleets(async ({ open, query, item }) => {
      const pool = new pg.Pool(whereOf(server))
      const fleet = await open({ pool })
      await ownsAll(fleet)
      const connect = pool.connect.bind(pool) as (...asked: unknown[]) => Promise<pg.PoolClient>
      let isSent = false
      pool.connect = (async (...asked: unknown[]) => {
        const client = await connect(...asked)
        if (asked.length > 0) return client
        const send = client.query.bind(client) as (...asked: unknown[]) => Promise<unknown>
        client.query = (async (asked: { text?: string }, ...more: unknown[]) => {
          if (asked.text !== 'COMMIT' || isSent) return send(asked, ...more)
          isSent = true
          const answer = await send(asked, ...more)
          const isLost = firstValueFrom(fleet.owned$.pipe(filter(({ size }) => size === 0)))
          await query('UPDATE $schema._nolater_shard SET owner = NULL') // before its answer comes
          await isLost
          await sleep(100)
          return answer
        }) as never
        return client
      }) as never
      const changed = fleet.change('a', (tx) => tx.query(`INSERT INTO ${item} VALUES ('a', 'tea')`))
      let runs = 0
      const rolledBack = fleet.change('b', (tx) =>
        runs++ === 0 ? tx.query(`DO $$BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END$$`) : null,
      )
      expect(await codeOf(changed)).toBe('ALARM_STORAGE_UNREACHABLE')
      expect(await codeOf(rolledBack)).toMatch(/^(done|ALARM_FENCED)$/) // what was sent was not its own
      expect(await query('SELECT actor FROM $schema.item')).toEqual([{ actor: 'a' }])
    }))

  it('keeps the settings of one change from the next, and defers what is deferred', ({ expect }) =>
    withFleets(async ({ open, query, item }) => {
      const fleet = await open()
      await ownsAll(fleet)
      const [parent, child] = ['parent', 'child'].map((name) => item.replace(/item$/, name))
      await query(`CREATE TABLE ${parent} (id text PRIMARY KEY)`)
      await query(
        `CREATE TABLE ${child} (id text, of text REFERENCES ${parent} DEFERRABLE INITIALLY DEFERRED)`,
      )
      const family = (key: string, parents = true) =>
        codeOf(
          fleet.change(key, async (tx) => {
            await tx.query(`INSERT INTO ${child} VALUES ($1, $1)`, [key])
            if (parents) await tx.query(`INSERT INTO ${parent} VALUES ($1)`, [key])
          }),
        )
      expect(await Promise.all([family('a'), family('b'), family('c', false), family('d')])).toEqual([
        'done',
        'done',
        '23503',
        'done',
      ])
      for (const text of ['SET LOCAL search_path = public', 'reset all', 'SET ROLE none'])
        expect(await codeOf(fleet.change('a', (tx) => tx.query(text)))).toBe('ALARM_TRANSACTION_INVALID')
    }))

  it('lets a handler at work end before it gives its shard away', ({ expect }) =>
    withFleets(async ({ open, query, item }) => {
      const end = new Subject<never>()
      const begun: string[] = []
      const fleets: PostgresFleet[] = []
      const handler = ({ key }: FleetDelivery) => {
        begun.push(key)
        const add = (tx: pg.ClientBase) => tx.query(`INSERT INTO ${item} VALUES ($1, 'tea')`, [key])
        return concat(
          end,
          defer(() => fleets[0]!.change(key, add)),
        )
      }
      const keys = Array.from({ length: 20 }, (_, i) => `k${i}`)
      fleets.push(await open({ handler }))
      await ownsAll(fleets[0]!)
      await Promise.all(keys.map((key) => fleets[0]!.change(key, (_, alarm) => alarm.set(0))))
      await until(() => begun.length === 20)
      fleets.push(await open({ handler }))
      await until(
        () => query<{ count: number }>('SELECT count(*)::integer FROM $schema._nolater_process'),
        ([row]) => row?.count === 2,
      )
      await sleep(1_500)
      expect(owned(fleets[1]!).size).toBeLessThan(SHARDS / 2)
      expect(await codeOf(fleets[1]!.change('k0', () => {}))).toBe('ALARM_FENCED')
      // Other actors of their shards do not wait for these handlers.
      const at = new Set(keys.map((key) => shardOf(key, SHARDS)))
      const beside = Array.from({ length: 60 }, (_, i) => `b${i}`).filter((key) =>
        at.has(shardOf(key, SHARDS)),
      )
      const codes = await Promise.all(beside.map((key) => codeOf(fleets[0]!.change(key, () => {}))))
      expect(new Set(codes)).toEqual(new Set(['done']))
      end.complete()
      await until(() => owned(fleets[1]!).size === SHARDS / 2)
      expect(begun).toHaveLength(20)
      expect(
        await query('SELECT count(*)::integer, count(DISTINCT actor)::integer AS actors FROM $schema.item'),
      ).toEqual([{ count: 20, actors: 20 }])
      expect(await query('SELECT key FROM $schema._nolater_alarm WHERE time IS NOT NULL')).toEqual([])
    }))

  it('delivers what was set again while the alarm of that time was given up', ({ expect }) =>
    withFleets(async ({ open, query }) => {
      const ids = new Set<string>()
      let isAbandoned = false
      const fleet = await open({
        handler({ id }) {
          ids.add(id)
          return isAbandoned ? [] : throwError(() => Object.assign(new Error('no'), { retry: false }))
        },
        async abandon(key) {
          isAbandoned = true
          await fleet.change(key, (_, alarm) => alarm.set(0))
        },
      })
      await ownsAll(fleet)
      await fleet.change('a', (_, alarm) => alarm.set(0))
      await until(() => ids.size === 2)
      const times = () => query<{ time: unknown }>('SELECT time FROM $schema._nolater_alarm')
      expect(await until(times, ([row]) => row?.time === null)).toEqual([{ time: null }])
    }))

  it('shows that it is blind, and sees again when it can', ({ expect }) =>
    withFleets(async ({ open, query, delivered }) => {
      const fleet = await open({ pollInterval: 200 })
      const healths: FleetHealth[] = []
      fleet.health$.subscribe((health) => healths.push(health))
      await ownsAll(fleet)
      await query('ALTER TABLE $schema._nolater_pauses RENAME TO away')
      await fleet.change('a', (_, alarm) => alarm.set(0))
      const seen = await until(
        () => healths.find(({ error, overdue }) => error !== null && (overdue ?? 0) > 500),
        (health) => health !== undefined,
      )
      expect(seen).toMatchObject({ owned: SHARDS, processes: 1, error: { code: 'ALARM_STORAGE_MISSING' } })
      await query('ALTER TABLE $schema.away RENAME TO _nolater_pauses')
      await until(() => delivered.length === 1)
      const well = await until(
        () => healths.at(-1)!,
        ({ lag }) => lag !== null,
      )
      expect(well).toMatchObject({ overdue: null, error: null })
      expect(well.lag).toBeGreaterThan(500)
      expect(well.lookedAt).toBeGreaterThan(Date.now() - 10_000)
    }))

  it('lets a change wait no longer than it may', ({ expect }) =>
    withFleets(async ({ open }) => {
      const fleet = await open({ timeout: 400 })
      await ownsAll(fleet)
      const slow = (_: unknown): Promise<void> => sleep(300)
      const codes = await Promise.all([1, 2, 3].map(() => codeOf(fleet.change('a', slow))))
      expect(codes.slice(0, 1)).toEqual(['done'])
      expect(codes[2]).toBe('ALARM_TIMEOUT')
    }))

  it('brings what was asked for through when it is closed', ({ expect }) =>
    withFleets(async ({ open, query, item }) => {
      const fleet = await open()
      await ownsAll(fleet)
      const asked = ['a', 'b', 'c'].map((key) =>
        codeOf(
          fleet.change(key, async (tx) => {
            await sleep(100)
            await tx.query(`INSERT INTO ${item} VALUES ($1, 'tea')`, [key])
          }),
        ),
      )
      await Promise.resolve()
      const closed = fleet.close()
      expect(await codeOf(fleet.change('d', () => {}))).toBe('ALARM_CLOSED')
      expect(await Promise.all(asked)).toEqual(['done', 'done', 'done'])
      await closed
      expect(await query('SELECT actor FROM $schema.item ORDER BY actor')).toHaveLength(3)
      expect(await query('SELECT FROM $schema._nolater_shard WHERE owner IS NOT NULL')).toEqual([])
      expect(await query('SELECT FROM $schema._nolater_process')).toEqual([])
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
        '/* /* */ */ COMMIT',
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

  it('delivers by the clock of the database, however late that of the owner is', ({ expect }) =>
    withFleets(async ({ open, delivered }) => {
      const fleet = await open({ scheduler: wrongClock(-3_600_000) })
      await ownsAll(fleet)
      await fleet.change('a', (_, alarm) => alarm.set(Date.now()))
      await until(() => delivered.length > 0)
      expect(delivered).toMatchObject([{ key: 'a' }])
    }))

  it('does not wait for a function that has no end, and lets the others go on', ({ expect }) =>
    withFleets(async ({ open, query, item }) => {
      const fleet = await open({ timeout: 1_500 })
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
      const time = await fleet.change('a', (_, alarm) => {
        alarm.set(0)
        return alarm.time
      })
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
        if (lost.delete(request.id ?? ''))
          throw Object.assign(new Error('the answer was lost'), { passes: true })
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
