import type { ListOptions } from 'nolater'
import { postgresStore } from 'nolater/postgres'
import type pg from 'pg'
import { EMPTY, throwError } from 'rxjs'
import { describe, it } from 'vitest'
import { fenceOf } from '../../src/vocabulary/fence.ts'
import { run } from '../operating/command/run.ts'
import { quoted, type SchemaRig, until, withSchema } from './rig.ts'
import type { Server } from './server.ts'

const HOUR = 3_600_000

/** A pool that counts the rows of what is listed. */
function countingPool(rig: SchemaRig): { readonly pool: pg.Pool; read: number } {
  const pool = rig.pool()
  const counting = { pool, read: 0 }
  const query = pool.query.bind(pool) as (...words: unknown[]) => Promise<pg.QueryResult>
  pool.query = (async (...words: unknown[]) => {
    const result = await query(...words)
    if (JSON.stringify(words[0]).includes('starts_with')) counting.read += result.rows.length
    return result
  }) as typeof pool.query
  return counting
}

/** The command, on a server. */
export function describeOperating(server: Server): void {
  describe.concurrent('nolater on PostgreSQL', { timeout: 60_000 }, () => {
    const call = ({ schema }: SchemaRig, command: string, ...words: string[]) =>
      run([command, server.connectionString, ...words, '--schema', schema])

    it('lists, counts, shows and retries', ({ expect }) =>
      withSchema(server, async (rig) => {
        const manager = rig.manager()
        await manager.ready()
        const t0 = Date.now()
        const { only, stop } = rig.deliver(manager, () =>
          throwError(() => Object.assign(new Error('no'), { retry: false })),
        )
        await rig.write(manager, 'failed', t0, 5)
        await until(() => only('given-up').length > 0)
        stop()
        await rig.write(manager, 'pending', t0 + HOUR, 1)
        expect((await call(rig, 'list')).out).toMatch(/failed\tfailed\t.*Error: no/)
        await until(
          async () => (await call(rig, 'stats')).out,
          (out) => out.includes('nothing: what is due'),
        )
        expect((await call(rig, 'show', 'failed')).out).toContain('failing since')
        expect((await call(rig, 'retry', 'failed', '--fence', '5')).out).toBe('retried failed\n')
        expect((await call(rig, 'pause', '--all')).out).toBe('paused: all\n')
        expect((await call(rig, 'resume', '--all')).out).toBe('resumed: all\n')
      }))

    it('takes no schema that is not there for one to be made', ({ expect }) =>
      withSchema(server, async (rig) => {
        await rig.manager().ready()
        const other = { ...rig, schema: `${rig.schema} misspelt` }
        for (const [command, ...words] of [['list'], ['retry', '--all']] as const) {
          const { code, said } = await call(other, command, ...words)
          expect([code, said]).toEqual([
            3,
            expect.stringMatching(
              /no tables of a postgresManager in the schema ".* misspelt", or older ones: give the manager's/,
            ),
          ])
        }
        expect(await server.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [other.schema])).toEqual(
          [],
        )
      }))

    it('asks for those alone whose keys begin so, whatever these are made of', ({ expect }) =>
      withSchema(server, async (rig) => {
        const counting = countingPool(rig)
        const manager = rig.manager({ pool: counting.pool })
        const due = Date.now() + HOUR
        const keys = ['a%b', 'a_b', 'a\\b', 'a\0b', 'a\\0b', 'a\u{1f600}b', 'aéb']
        for (const key of ['axb', 'b', ...keys]) await rig.write(manager, key, due, 1)
        const begin = async (prefix: string, state?: 'failed') => {
          const found: string[] = []
          for await (const { key } of manager.list({ prefix, ...(state && { state }) })) found.push(key)
          return found
        }
        for (const key of keys) {
          counting.read = 0
          const found = await begin([...key].slice(0, 2).join(''))
          expect(found).toContain(key)
          expect(counting.read).toBe(found.length)
          expect(counting.read).toBeLessThan(4)
        }
        expect(await begin('a\\0')).toEqual(['a\\0b'])
        expect(await begin('a\ud83d')).toEqual(['a\u{1f600}b'])
        await server.query(`UPDATE ${rig.table} SET due = NULL WHERE key = 'b'`)
        expect(await begin('b', 'failed')).toEqual(['b'])
        expect(await begin('a', 'failed')).toEqual([])
      }))

    it('reads no others to list those few that were delivered once, and lists them where they are many', ({
      expect,
    }) =>
      withSchema(server, async (rig) => {
        const counting = countingPool(rig)
        const manager = rig.manager({ pool: counting.pool })
        await manager.ready()
        const due = Date.now() + HOUR
        const fill = (name: string, count: number, set = 'false, 0, NULL, NULL, NULL') =>
          server.query(`
            INSERT INTO ${rig.table}
              (id, key, time, fence, set_by, again, uncounted, changed_at, due, begun, counted, leased_until, holder, aside)
            SELECT sha256(convert_to(key, 'UTF8')), key, 1, 1, 1, false, 0, 1, ${due} + i, ${set}
            FROM (SELECT i, '${name}' || i AS key FROM generate_series(1, ${count}) AS n (i)) AS named`)
        await fill('pending', 2_000)
        await fill('held', 2, `true, 0, ${due} + i, gen_random_uuid(), NULL`)
        await fill('failing', 2, 'true, 1, NULL, NULL, NULL')
        await fill('paused', 1, 'true, 1, NULL, NULL, 0')
        const list = async (options: ListOptions) => {
          counting.read = 0
          const found: string[] = []
          for await (const { key } of manager.list(options)) found.push(key)
          return found
        }
        expect(await list({ state: 'delivering' })).toEqual(['held1', 'held2'])
        expect(counting.read).toBe(5)
        expect((await list({ state: 'backing-off' })).toSorted()).toEqual(['failing1', 'failing2', 'paused1'])
        expect(counting.read).toBe(5)
        expect(await list({ state: 'backing-off', prefix: 'f', dueBefore: due + 2 })).toEqual(['failing1'])
        expect(counting.read).toBe(1)
        await fill('more', 10_000, 'true, 1, NULL, NULL, NULL')
        expect(await list({ state: 'delivering' })).toEqual(['held1', 'held2'])
        expect(await list({ state: 'backing-off' })).toHaveLength(10_003)
      }))

    it('counts what is looked at next in each part of a time, paused or not, and what has failed in none', ({
      expect,
    }) =>
      withSchema(server, async (rig) => {
        const manager = rig.manager()
        const from = Date.now() + HOUR
        for (const [key, after] of [
          ['before', -1],
          ['first', 0],
          ['last of the first', 99],
          ['second', 100],
          ['paused', 150],
          ['failed', 160],
          ['after', 300],
        ] as const)
          await rig.write(manager, key, from + after, 1)
        await server.query(`UPDATE ${rig.table} SET aside = 0 WHERE key = 'paused'`)
        await server.query(`UPDATE ${rig.table} SET due = NULL WHERE key = 'failed'`)
        expect(await manager.countDue({ from, until: from + 300, parts: 3 })).toEqual([2, 2, 0])
        await expect(manager.countDue({ from, until: from, parts: 3 })).rejects.toMatchObject({
          code: 'ALARM_CONFIG_INVALID',
        })
      }))

    it('counts for a minute what was done by what delivers no more, and forgets it then', ({ expect }) =>
      withSchema(server, async (rig) => {
        const manager = rig.manager()
        await manager.ready()
        const table = `${quoted(rig.schema)}._nolater_deliverer`
        const count = async () => (await server.query(`SELECT FROM ${table}`)).length
        const delivered = async (key: string) => {
          const { only, stop } = rig.deliver(manager, () => EMPTY)
          await rig.write(manager, key, Date.now(), 1)
          await until(() => only('done').length > 0)
          await until(async () => (await manager.stats()).deliverers.length === 1)
          stop()
          await until(async () => (await manager.stats()).deliverers.length === 0)
          return Math.round((await manager.stats()).fires * 60)
        }
        expect(await delivered('a')).toBe(1)
        expect(await delivered('b')).toBe(2)
        expect(await count()).toBe(2)
        await server.query(`UPDATE ${table} SET seen = seen - 61000`)
        expect((await manager.stats()).fires).toBe(0)
        expect(await delivered('c')).toBe(1)
        expect(await count()).toBe(1)
      }))

    it('drains however often it is asked to', ({ expect }) =>
      withSchema(server, async (rig) => {
        const manager = rig.manager()
        await manager.ready()
        const done = Promise.withResolvers<void>()
        const { delivered, outcome } = rig.deliver(manager, () => done.promise)
        await rig.write(manager, 'a', Date.now(), 1)
        await until(() => delivered.length > 0)
        const drains = Promise.all([manager.drain(), manager.drain()])
        done.resolve()
        await drains
        expect(outcome()).toBe('complete')
      }))

    it('makes no tables', ({ expect }) =>
      withSchema(server, async (rig) => {
        for (const command of ['list', 'stats', 'doctor']) expect((await call(rig, command)).code).toBe(3)
        expect(await server.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [rig.schema])).toEqual([])
      }))

    it.for<[code: string, sql: string]>([
      ['COPY_LOST', "SET time = NULL, due = NULL WHERE key = 'b'"],
      ['COPY_LATER', "SET time = time + 1, due = due + 1 WHERE key = 'b'"],
      ['FENCE_AHEAD', `SET fence = ${fenceOf(900, 1)} WHERE key = 'b'`],
      ['ALARM_GIVEN_UP', "SET due = NULL, counted = 7 WHERE key = 'b'"],
      [
        'LEASE_STUCK',
        `SET holder = '00000000-0000-4000-8000-000000000001', leased_until = due, begun = true WHERE key = 'b'`,
      ],
    ])('names %s, and repairs it', ([code, sql], { expect }) =>
      withSchema(server, async (rig) => {
        const manager = rig.manager()
        for (const key of ['a', 'b']) {
          const store = await postgresStore({ key, manager })
          store.alarm.set(Date.now() + HOUR)
          await store.alarm.drained()
          await store.close()
        }
        expect((await call(rig, 'doctor')).out).toContain('Nothing is wrong')
        await server.query(`UPDATE ${rig.table} ${sql}`)
        const silent = Date.now() - 700_000
        await server.query(
          `INSERT INTO ${quoted(rig.schema)}._nolater_deliverer VALUES ('00000000-0000-4000-8000-000000000000', 'host:1', 0, ${silent}, '{"fires":0,"failures":0,"lateness":{},"latest":0}')`,
        )
        const examined = await call(rig, 'doctor', '--json')
        expect(examined.code).toBe(1)
        const found = examined.out
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
          .filter(({ severity }) => severity === 'fault')
        expect(found).toMatchObject([{ code, key: 'b' }])
        expect(await call(rig, 'doctor', '--fix')).toMatchObject({ code: 0 })
        expect((await call(rig, 'doctor', '--json')).out).not.toContain('"fault"')
      }),
    )

    it('ends no lease under another fence, nor that of a process which reports', ({ expect }) =>
      withSchema(server, async (rig) => {
        await rig.write(rig.manager(), 'b', Date.now() + HOUR, 5)
        await server.query(
          `UPDATE ${rig.table} SET holder = '00000000-0000-4000-8000-000000000001', leased_until = due, begun = true`,
        )
        const reports = `${quoted(rig.schema)}._nolater_deliverer`
        await server.query(
          `INSERT INTO ${reports} VALUES ('00000000-0000-4000-8000-000000000000', 'elsewhere:1', 0, ${Date.now()}, '{}')`,
        )
        expect((await call(rig, 'retry', 'b')).code).toBe(1)
        await server.query(`UPDATE ${reports} SET seen = seen - 700000`)
        expect((await call(rig, 'retry', 'b', '--fence', '4')).code).toBe(1)
        expect((await call(rig, 'retry', 'b', '--fence', '5')).code).toBe(0)
        expect((await call(rig, 'show', 'b')).out).toMatch(/state +due/)
      }))

    it('names ALARM_RESCHEDULED, which may be given another time', ({ expect }) =>
      withSchema(server, async (rig) => {
        const manager = rig.manager()
        await manager.write('b', Date.now() + HOUR, { key: 'b', move: 'later', fence: 1, attempt: 1 })
        await server.query(`UPDATE ${rig.table} SET due = NULL`)
        expect((await call(rig, 'reschedule', 'b', '2190-01-01T00:00:00Z')).code).toBe(0)
        const { code, out } = await call(rig, 'doctor')
        expect(code).toBe(0)
        expect(out).toContain('notice ALARM_RESCHEDULED b')
        expect(out).toContain('rescheduled by an operator to 2190-01-01T00:00:00.000Z')
        expect((await call(rig, 'retry', 'b')).code).toBe(0)
        expect((await call(rig, 'doctor')).out).not.toContain('ALARM_RESCHEDULED')
      }))

    it('names a row that cannot be read, an actor that the manager knows nothing of, and tables of another version', ({
      expect,
    }) =>
      withSchema(server, async (rig) => {
        const manager = rig.manager()
        for (const key of ['a', 'b']) {
          const store = await postgresStore({ key, manager })
          store.alarm.set(Date.now() + HOUR)
          await store.alarm.drained()
          await store.close()
        }
        await server.query(`DELETE FROM ${rig.table} WHERE key = 'a'`)
        expect((await call(rig, 'doctor')).out).toContain('STORE_NOT_OPENED a')
        expect((await call(rig, 'doctor', '--fix')).code).toBe(0)
        await server.query(`UPDATE ${rig.table} SET fence = -1 WHERE key = 'a'`)
        expect((await call(rig, 'doctor')).out).toContain('ROW_UNREADABLE a')
        expect((await call(rig, 'doctor', '--fix')).code).toBe(0)
        await server.query(`UPDATE ${quoted(rig.schema)}._nolater_version SET version = version - 1`)
        expect((await call(rig, 'doctor')).out).toContain('SCHEMA_OLDER')
        await server.query(`UPDATE ${quoted(rig.schema)}._nolater_version SET version = version + 900`)
        expect((await call(rig, 'doctor')).out).toContain('SCHEMA_NEWER')
      }))
  })
}
