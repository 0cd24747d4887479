import { type PostgresManagerOptions, postgresManager, postgresStore } from 'nolater/postgres'
import { asyncScheduler, EMPTY, firstValueFrom, lastValueFrom, NEVER, toArray } from 'rxjs'
import { describe, it } from 'vitest'
import { idOf } from '../../src/postgres/alarm-key.ts'
import { VERSION } from '../../src/postgres/migrate.ts'
import { quoted, sleep, until, withSchema, wrongClock } from './rig.ts'
import type { Server } from './server.ts'

const HOUR = 3_600_000

/** What the manager promises beyond the port: names, tables, clocks, punctuality, groups, errors. */
export function describePromises(server: Server): void {
  describe.concurrent('postgresManager', { timeout: 60_000 }, () => {
    it('delivers at its time what is due long before the poll, whoever wrote it', ({ expect }) =>
      withSchema(server, async ({ manager, write, deliver }) => {
        const [worker, other] = [manager({ pollInterval: HOUR }), manager()]
        const { delivered } = deliver(worker)
        await write(worker, 'first', Date.now(), 1) // until then nobody listens
        await until(() => delivered.length === 1)
        const due = Date.now() + 400
        await write(worker, 'own', due, 1)
        await write(other, 'other', due + 100, 1)
        // Neither the last that was heard of nor the first there is.
        await write(other, 'far', due + HOUR, 1)
        await until(() => delivered.length === 3)
        for (const { at, scheduledTime } of delivered.slice(1)) {
          expect(at - scheduledTime).toBeGreaterThanOrEqual(0)
          expect(at - scheduledTime).toBeLessThan(5_000) // on any machine; what it is here is in docs/postgres.md
        }
      }))

    it('takes the next when a place is free, and all that are due, without a poll', ({ expect }) =>
      withSchema(server, async ({ manager, write, deliver }) => {
        const worker = manager({ pollInterval: HOUR })
        for (const [concurrency, count] of [
          [1, 3],
          [2_000, 1_600], // more than the first look and that of the one that begins to listen take
        ] as const) {
          const keys = Array.from({ length: count }, (_, i) => `${concurrency} ${i}`)
          await Promise.all(keys.map((key) => write(worker, key, Date.now(), 1)))
          const { only, stop } = deliver(worker, () => sleep(20), { concurrency })
          await until(() => only('done').length === count)
          expect(only('delivered')).toHaveLength(count)
          stop()
        }
      }))

    it('leaves to another process what it has no place for', ({ expect }) =>
      withSchema(server, async ({ manager, write, deliver }) => {
        const name = `other ${process.pid}`
        const connectionString = `${server.connectionString}?application_name=${encodeURIComponent(name)}`
        const full = manager({ pollInterval: HOUR, lease: HOUR })
        const other = manager({ pollInterval: HOUR, lease: HOUR, connectionString })
        const busy = deliver(full, () => NEVER, { concurrency: 1 })
        const { delivered } = deliver(other, () => NEVER, { concurrency: 2 })
        await until(
          () =>
            server.query(
              `SELECT FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND application_name = $1`,
              [name],
            ),
          (found) => found.length > 0,
        )
        await sleep(300) // or it would mostly know of what is written by its first looks, and this could not fail
        const keys = () => [...busy.delivered, ...delivered].map(({ key }) => key).sort()
        const due = Date.now() + 300
        for (const key of ['a', 'b']) await write(full, key, due, 1) // there is a place for each as it is written
        await until(() => keys().length === 2)
        await write(full, 'c', Date.now(), 1)
        await until(() => keys().length === 3)
        expect(keys()).toEqual(['a', 'b', 'c'])
      }))

    it('delivers nothing before its time by its own clock, should the database be ahead', ({ expect }) =>
      withSchema(server, async ({ manager, write, deliver }) => {
        const scheduler = wrongClock(-700)
        const worker = manager({ scheduler, lease: 5_000 })
        const early: number[] = []
        const { delivered, only } = deliver(worker, ({ scheduledTime }) => {
          early.push(scheduledTime - scheduler.now())
          return EMPTY
        })
        await write(worker, 'a', Date.now() + 100, 1)
        await until(() => only('done').length > 0)
        expect(delivered).toHaveLength(1)
        expect(early[0]).toBeLessThanOrEqual(0)
      }))

    it('delivers by the clock of the database, however far ahead its own is', ({ expect }) =>
      withSchema(server, async ({ manager, write, deliver }) => {
        const worker = manager({ scheduler: wrongClock(60_000) })
        const { delivered, only } = deliver(worker)
        const due = Date.now() + 300
        await write(worker, 'a', due, 1)
        await until(() => only('done').length > 0)
        expect(delivered).toHaveLength(1)
        expect(delivered[0]!.at).toBeGreaterThanOrEqual(due)
      }))

    it('gives an alarm back when its clock is so late that the lease would end before', ({ expect }) =>
      withSchema(server, async ({ manager, write, deliver }) => {
        const scheduler = wrongClock(-5_000)
        const late = manager({ scheduler, lease: 1_000 })
        const early: number[] = []
        const first = deliver(late, ({ scheduledTime }) => {
          early.push(scheduledTime - scheduler.now())
          return EMPTY
        })
        await write(late, 'a', Date.now(), 1)
        await until(() => first.only('done').length > 0)
        expect(first.delivered).toHaveLength(1)
        expect(early[0]).toBeLessThanOrEqual(0)
        expect(first.only('expired')).toEqual([])
      }))

    it('gives it back for another process, however late its clock is', ({ expect }) =>
      withSchema(server, async ({ manager, write, deliver, row }) => {
        const late = manager({ scheduler: wrongClock(-HOUR), lease: 2_000 })
        const wrong = deliver(late)
        await write(late, 'a', Date.now(), 1)
        await until(
          () => row('a'),
          (held) => held?.holder === null && Number(held.due) > Number(held.time), // given back
        )
        const right = deliver(manager({ lease: 2_000 }))
        await until(() => right.only('done').length > 0)
        expect(wrong.delivered).toEqual([])
      }))

    it('writes in one statement what is written in one turn, each with its own outcome', ({ expect }) =>
      withSchema(server, async ({ manager, pool, write }) => {
        const counted = pool()
        const texts: string[] = []
        const query = counted.query.bind(counted) as (...args: unknown[]) => unknown
        counted.query = ((config: { text: string }, ...rest: unknown[]) => {
          texts.push(config.text)
          return query(config, ...rest)
        }) as typeof counted.query
        const writer = manager({ pool: counted })
        await write(writer, 'k7', HOUR, 9)
        texts.length = 0
        const outcomes = await Promise.all(
          Array.from({ length: 500 }, (_, i) => write(writer, `k${i}`, HOUR, 1)),
        )
        const said = ['INSERT', 'pg_notify'].map((what) => texts.filter((text) => text.includes(what)).length)
        expect(said).toEqual([1, 1])
        expect(outcomes.filter((outcome) => outcome !== 'done')).toMatchObject([
          { code: 'ALARM_FENCED', key: 'k7', fence: 1, message: expect.stringContaining('it holds 9') },
        ])
        // The same key twice is in order, whatever the group.
        expect(await Promise.all([write(writer, 'x', 1_000, 1), write(writer, 'x', 2_000, 2)])).toEqual([
          'done',
          'done',
        ])
        expect(await writer.get('x')).toBe(2_000)
      }))

    it('takes many writes at one call, with a result for each', ({ expect }) =>
      withSchema(server, async ({ manager, write }) => {
        const writer = manager()
        await write(writer, 'b', 5_000, 9)
        const one = (key: string, fence: number) => ({
          key,
          time: 7_000,
          info: { key, move: 'later' as const, fence, attempt: 1 },
        })
        const results = await firstValueFrom(
          writer.writeMany([one('a', 1), one('b', 1), one('\ud800', 1), one('c', 1)]),
        )
        expect(results).toMatchObject([null, { code: 'ALARM_FENCED' }, { code: 'ALARM_KEY_INVALID' }, null])
        expect([await writer.get('a'), await writer.get('b')]).toEqual([7_000, 5_000])
      }))

    it('takes any key, also one that no index and no text of Postgres takes', ({ expect }) =>
      withSchema(server, async ({ manager, write, deliver }) => {
        const worker = manager()
        const unlike = Array.from({ length: 1024 }, (_, i) =>
          String.fromCharCode(0x4e00 + ((i * 7919) % 20_000)),
        )
        const keys = [
          '',
          'a\0b',
          'a\\0b',
          'a\\',
          "'; DROP TABLE x; --",
          '$1',
          unlike.join(''),
          `${unlike.slice(1).join('')}x`,
        ]
        const { delivered, only } = deliver(worker)
        for (const key of keys) expect(await write(worker, key, Date.now(), 1)).toBe('done')
        await until(() => only('done').length === keys.length)
        expect(delivered.map(({ key }) => key).sort()).toEqual(keys.sort())
      }))

    it('lets no name of a schema become anything else', ({ expect }) =>
      withSchema(server, async ({ schema, manager, write, deliver }) => {
        const victim = `victim ${schema}`
        await server.query(`CREATE TABLE ${quoted(victim)} ()`)
        const name = `"; DROP TABLE "v"; -- ${schema.replaceAll('"', '')}`
        await server.query(`DROP SCHEMA IF EXISTS ${quoted(name)} CASCADE`)
        const { only } = deliver(manager({ schema: name }))
        await write(manager({ schema: name }), 'a', Date.now(), 1)
        await until(() => only('done').length > 0)
        await server.query(`DROP TABLE ${quoted(victim)}; DROP SCHEMA ${quoted(name)} CASCADE`)
        for (const bad of [
          '',
          'a\0',
          '\ud800',
          'x'.repeat(45),
          'é'.repeat(23),
          'pg_temp',
          'PG_x',
          7 as never,
        ]) {
          expect(() => postgresManager({ connectionString: 'postgres://x', schema: bad })).toThrow(
            expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }),
          )
        }
      }))

    it('makes its tables once, however many processes begin at the same time', ({ expect }) =>
      withSchema(server, async ({ schema, manager, write }) => {
        const managers = Array.from({ length: 8 }, () => manager())
        await Promise.all(managers.map((each) => each.ready()))
        expect(await server.query(`SELECT version FROM ${quoted(schema)}._nolater_version`)).toEqual([
          { version: VERSION },
        ])
        for (const [i, each] of managers.entries()) expect(await write(each, 'a', 1_000, i)).toBe('done')
      }))

    it('brings tables of the first version up to date, with all that they hold', ({ expect }) =>
      withSchema(server, async ({ schema, table, manager, write, deliver }) => {
        await server.query(`CREATE SCHEMA ${quoted(schema)}`)
        await server.query(`CREATE TABLE ${quoted(schema)}._nolater_version (version integer NOT NULL)`)
        await server.query(`INSERT INTO ${quoted(schema)}._nolater_version VALUES (1)`)
        await server.query(`CREATE TABLE ${table} (id bytea PRIMARY KEY, key text NOT NULL, time bigint, fence bigint NOT NULL,
          set_by bigint NOT NULL, again boolean NOT NULL, done bigint, due bigint, counted integer NOT NULL,
          uncounted integer NOT NULL, leased_until bigint, holder uuid, changed_at bigint NOT NULL)`)
        await server.query(`CREATE INDEX _nolater_alarm_due ON ${table} (due) WHERE due IS NOT NULL`)
        await server.query(`CREATE INDEX _nolater_alarm_removed ON ${table} (changed_at) WHERE due IS NULL`)
        await server.query(`CREATE INDEX _nolater_alarm_holder ON ${table} (holder) WHERE holder IS NOT NULL`)
        await server.query(
          `CREATE TABLE ${quoted(schema)}._nolater_actor (id bytea PRIMARY KEY, key text NOT NULL, epoch integer NOT NULL, alarm bigint)`,
        )
        await server.query(
          `INSERT INTO ${table} VALUES (decode($1, 'hex'), 'exhausted', 1, 6, 6, false, NULL, 1, 7, 0, NULL, NULL, 1),
            (decode($2, 'hex'), 'removed', NULL, 7, 7, false, NULL, NULL, 0, 0, NULL, NULL, $3)`,
          [idOf('exhausted'), idOf('removed'), Date.now()],
        )
        await server.query(
          `INSERT INTO ${quoted(schema)}._nolater_actor VALUES (decode($1, 'hex'), 'old', 4, 77),
            (decode($2, 'hex'), 'used up', 33554431, NULL)`,
          [idOf('old'), idOf('used up')],
        )
        const worker = manager()
        expect(await write(worker, 'removed', 5, 6)).toMatchObject({ code: 'ALARM_FENCED' })
        const { only, delivered } = deliver(worker)
        await until(() => only('given-up').length > 0)
        expect(delivered).toEqual([])
        const [failed] = await lastValueFrom(worker.list({ state: 'failed' }).pipe(toArray()))
        expect(failed).toMatchObject({ key: 'exhausted', time: 1, fence: 6, failures: 7, lastError: null })
        // Above every fence that was given out when epochs had fewer bits.
        expect(
          await server.query(`SELECT key, epoch FROM ${quoted(schema)}._nolater_actor ORDER BY key`),
        ).toEqual([
          { key: 'old', epoch: 5 * 64 },
          { key: 'used up', epoch: 2 ** 31 - 1 },
        ])
      }))

    it('adds to the tables what processes of before can live with, whatever is added later', ({ expect }) =>
      withSchema(server, async ({ schema, manager }) => {
        const [actor, version] = ['_nolater_actor', '_nolater_version'].map(
          (name) => `${quoted(schema)}.${name}`,
        )
        await manager().ready()
        // As the library before the additions has made them.
        await server.query(`ALTER TABLE ${actor} DROP opening, DROP timeline`)
        await server.query(`ALTER TABLE ${version} DROP timeline, DROP additions`)
        for (const table of ['process', 'shard', 'request', 'timer', 'timer_sets'])
          await server.query(`DROP TABLE ${quoted(schema)}._nolater_${table}`)
        await server.query(`INSERT INTO ${actor} VALUES (decode($1, 'hex'), 'a', 3, 77)`, [idOf('a')])
        await expect(manager({ migrate: false }).ready()).rejects.toMatchObject({
          code: 'ALARM_STORAGE_MISSING',
          message: expect.stringMatching(/ has version 6\.0 of the tables .*knows 6\.3/),
        })
        const store = await postgresStore({ key: 'a', manager: manager() })
        expect([store.epoch, store.alarm.time]).toEqual([4, 77])
        await store.alarm.drained()
        expect((await server.query(`SELECT version, additions FROM ${version}`))[0]).toEqual({
          version: VERSION,
          additions: 3,
        })

        // What such a process does when it opens an actor, and when it commits.
        const open = `UPDATE ${actor} SET epoch = greatest(epoch, raised) + 1, raised = 0 RETURNING epoch`
        expect(await server.query(open)).toEqual([{ epoch: 5 }])
        await expect(store.commitWith(() => store.alarm.set(Date.now() + 60_000))).rejects.toMatchObject({
          code: 'ALARM_FENCED',
        })
        const next = await postgresStore({ key: 'a', manager: manager() })
        expect(await server.query(`UPDATE ${actor} SET alarm = 99 WHERE epoch = 5 RETURNING 1`)).toEqual([])
        await next.close()

        await server.query(`UPDATE ${version} SET additions = additions + 1`)
        await manager().ready()
        expect((await server.query(`SELECT additions FROM ${version}`))[0]).toEqual({ additions: 4 })
      }))

    it('goes on when another schema of the database is made, and leaves the exit code alone', ({ expect }) =>
      withSchema(server, async ({ schema, manager, write, deliver }) => {
        const worker = manager()
        const { delivered, only, outcome } = deliver(worker)
        await write(worker, 'a', Date.now(), 1)
        await until(() => delivered.length === 1)
        const name = `another ${schema.replaceAll('"', '')}`
        await manager({ schema: name }).ready()
        for (let i = 0; i < 5; i++) {
          await write(worker, 'a', Date.now() + 50, 2 + i)
          await until(() => only('done').length === 2 + i)
        }
        expect(outcome()).toBe('alive')
        expect(process.exitCode).not.toBe(57)
        await server.query(`DROP SCHEMA ${quoted(name)} CASCADE`)
      }))

    it('says what is wrong with the schema, the server and the role', ({ expect }) =>
      withSchema(server, async ({ schema, manager, pool, write, deliver }) => {
        const without = manager({ migrate: false })
        expect(await write(without, 'a', 1, 1)).toMatchObject({
          code: 'ALARM_STORAGE_MISSING',
          counted: false,
        })
        const first = manager()
        await first.ready()
        expect(await write(without, 'a', 1, 1)).toBe('done') // it looks again

        await server.query(`UPDATE ${quoted(schema)}._nolater_version SET version = ${VERSION + 1}`)
        await expect(manager().ready()).rejects.toMatchObject({ code: 'ALARM_STORAGE_NEWER' })
        await server.query(`UPDATE ${quoted(schema)}._nolater_version SET version = ${VERSION}`)

        const role = `role_${schema.replace(/\W/g, '_')}`
        await server.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`)
        const poor = manager({
          connectionString: server.connectionString.replace('postgres:secret', `${role}:x`),
        })
        await expect(poor.ready()).rejects.toMatchObject({ code: 'ALARM_STORAGE_READONLY' })

        const lax = pool({ options: '-c synchronous_commit=off' })
        await expect(manager({ pool: lax }).ready()).rejects.toMatchObject({
          code: 'ALARM_STORAGE_UNSUPPORTED',
        })
        const standby = pool({ options: '-c default_transaction_read_only=on' })
        expect(await write(manager({ pool: standby, migrate: false }), 'a', 1, 2)).toMatchObject({
          code: 'ALARM_STORAGE_READONLY',
        })

        const away = manager({ connectionString: 'postgres://postgres:secret@127.0.0.1:1/postgres' })
        expect(await write(away, 'a', 1, 1)).toMatchObject({ code: 'ALARM_STORAGE_UNREACHABLE' })

        // The version of a server cannot be set: this one only says that it is old.
        const old = pool()
        old.on('connect', (client) => {
          const query = client.query.bind(client) as (...args: unknown[]) => unknown
          client.query = ((text: unknown, ...rest: unknown[]) =>
            query(
              typeof text === 'string'
                ? text.replace(/current_setting\('server_version_num'\)/, "'110022'")
                : text,
              ...rest,
            )) as typeof client.query
        })
        await expect(manager({ pool: old }).ready()).rejects.toMatchObject({
          code: 'ALARM_STORAGE_UNSUPPORTED',
          message: expect.stringContaining('the server has 11'),
        })

        // What nobody can use is not away: to try again does not help.
        const ways = {
          ALARM_STORAGE_MISSING: [
            /^The database is not there/,
            server.connectionString.replace(/postgres$/, 'nowhere'),
          ],
          ALARM_STORAGE_FAILED: [
            /^The server does not let us in/,
            server.connectionString.replace('secret', 'wrong'),
          ],
        } as const
        for (const [code, [message, connectionString]] of Object.entries(ways)) {
          const lost = manager({ connectionString })
          expect(await write(lost, 'a', 1, 1)).toMatchObject({
            code,
            message: expect.stringMatching(message),
          })
          const { outcome } = deliver(lost)
          await until(() => outcome() !== 'alive')
          expect(outcome()).toMatchObject({ code })
        }
        for (const ended of [poor, away]) await ended.close()
        await server.query(`DROP ROLE ${role}`)
      }))

    it('ends its deliveries when the tables are gone, and outlasts what passes', ({ expect }) =>
      withSchema(server, async ({ table, manager, write, deliver }) => {
        const worker = manager()
        const { outcome } = deliver(worker)
        await write(worker, 'a', Date.now() + HOUR, 1)
        await server.query(`DROP TABLE ${table}`)
        await until(() => outcome() !== 'alive')
        expect(outcome()).toMatchObject({ code: 'ALARM_STORAGE_MISSING' })
      }))

    it('delivers as a role with the rights that the docs name, and no other', ({ expect }) =>
      withSchema(server, async ({ schema, manager, write, deliver }) => {
        await manager().ready()
        const role = `least_${schema.replace(/\W/g, '_')}`
        await server.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`)
        await server.query(`GRANT USAGE ON SCHEMA ${quoted(schema)} TO ${role}`)
        await server.query(`GRANT ALL ON ALL TABLES IN SCHEMA ${quoted(schema)} TO ${role}`)
        const connectionString = server.connectionString.replace('postgres:secret', `${role}:x`)
        for (const migrate of [true, false]) {
          const worker = manager({ connectionString, migrate })
          const { only } = deliver(worker)
          const store = await postgresStore({ key: `${migrate}`, manager: worker })
          await store.commitWith(() => store.alarm.set(Date.now()))
          expect(await write(worker, `bare ${migrate}`, Date.now(), 1)).toBe('done')
          await until(() => only('done').length > 1)
          expect((await worker.stats()).deliverers).toHaveLength(1)
          expect(await worker.pause({ key: 'a' })).toBe(true)
          expect(await worker.resume({ key: 'a' })).toBe(true)
          await store.close()
          await worker.close()
        }
        await server.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
      }))

    it('has its own isolation where the role has a stricter one, and tries again what that refuses', ({
      expect,
    }) =>
      withSchema(server, async ({ table, manager, pool, write, deliver, row }) => {
        const strict = manager({ pool: pool({ options: '-c default_transaction_isolation=serializable' }) })
        const store = await postgresStore({ key: 'store', manager: strict })
        const level = await store.commitWith((client) => client.query('SHOW transaction_isolation'))
        expect(level.rows).toEqual([{ transaction_isolation: 'read committed' }])
        await write(strict, 'a', HOUR, 1)
        const other = await pool().connect()
        await other.query(`BEGIN; UPDATE ${table} SET fence = 2`)
        const written = write(strict, 'a', Date.now(), 3)
        await until(
          () => server.query('SELECT FROM pg_locks WHERE NOT granted'),
          (waiting) => waiting.length > 0,
        )
        await other.query('COMMIT') // "could not serialize access due to concurrent update"
        other.release()
        expect(await written).toBe('done')
        expect(await row('a')).toMatchObject({ fence: '3' })
        const { only } = deliver(strict)
        await until(() => only('done').length > 0)
        await store.close()
      }))

    it('shows nothing of a connection string that it refuses', ({ expect }) => {
      for (const connectionString of [
        'db.internal/secret',
        'secret',
        'mysql://u:secret@h',
        'postgres://u:se#cret@h/db',
      ])
        expect(() => postgresManager({ connectionString }), connectionString).toThrow(
          expect.objectContaining({
            code: 'ALARM_CONFIG_INVALID',
            message: expect.not.stringMatching(/secret|cret@/),
          }),
        )
    })

    it('refuses options that cannot work', ({ expect }) => {
      const connectionString = 'postgres://x'
      const bad: Partial<PostgresManagerOptions>[] = [
        {},
        { connectionString: '' },
        { connectionString, pool: { connect() {}, query() {} } as never },
        { pool: {} as never },
        { pool: { connect() {}, query() {}, options: { max: 2 } } as never },
        { connectionString, concurrency: 0 },
        { connectionString, pollInterval: 0.5 },
        { connectionString, lease: 0 },
        { connectionString, timeout: -1 },
        { connectionString, migrate: 'no' as never },
        { connectionString, scheduler: {} as never },
      ]
      for (const options of bad) {
        expect(() => postgresManager(options), JSON.stringify(options)).toThrow(
          expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }),
        )
      }
      expect(() => postgresManager({ connectionString, scheduler: asyncScheduler })).not.toThrow()
    })
  })
}
