import { fork } from 'node:child_process'
import { once } from 'node:events'
import { EMPTY, NEVER, throwError } from 'rxjs'
import { describe, it } from 'vitest'
import { awaitProcess } from '../../examples/processes/await-process.ts'
import { quoted, settled, sleep, until, withSchema } from './rig.ts'
import type { Server } from './server.ts'

const HOUR = 3_600_000

/** What goes wrong with processes, connections and statements. Each of these fails without the protection that it is about. */
export function describeFailures(server: Server): void {
  describe.concurrent('postgresManager, when something fails', { timeout: 60_000 }, () => {
    it('delivers again after the lease what a killed process was delivering', ({ expect }) =>
      withSchema(server, async ({ schema, ends, manager, write, deliver, row }) => {
        const lease = 1_500
        const writer = manager()
        await writer.ready()
        const child = fork('test/postgres/stuck-process.ts', [server.connectionString, schema, `${lease}`], {
          execArgv: ['--import', './test/run-sources.mjs'],
        })
        ends.push(() => child.kill('SIGKILL'))
        const took = awaitProcess(child, 'that it has taken the alarm', once(child, 'message'))
        const t0 = Date.now()
        await write(writer, 'a', t0, 7)
        await took
        expect(Number((await row('a'))?.due)).toBeGreaterThanOrEqual(t0 + lease) // before the handler began
        child.kill('SIGKILL')
        const { delivered } = deliver(manager({ lease }))
        await until(() => delivered.length > 0)
        expect(delivered).toMatchObject([{ key: 'a', fence: 7, scheduledTime: t0, retryCount: 0 }])
        expect(delivered[0]!.at - t0).toBeGreaterThanOrEqual(lease)
      }))

    it('delivers what is due though every connection is cut again and again', ({ expect }) =>
      withSchema(server, async ({ schema, manager, write, deliver }) => {
        const name = `cut ${process.pid} ${schema.length}`
        const connectionString = `${server.connectionString}?application_name=${encodeURIComponent(name)}`
        const cutting = manager({ connectionString, lease: 2_000 })
        const { delivered, only, outcome } = deliver(cutting, () => sleep(20))
        const keys = Array.from({ length: 30 }, (_, i) => `k${i}`)
        let cuts = 0
        for (const [i, key] of keys.entries()) {
          // As an actor does that has a store: it writes again until somebody has it.
          await until(
            () => write(cutting, key, Date.now() + 50, i + 1),
            (outcome) => outcome === 'done',
          )
          if (i % 5 === 2) {
            const cut = await server.query(
              'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1',
              [name],
            )
            cuts += cut.length
          }
        }
        await until(() => new Set(delivered.map(({ key }) => key)).size === keys.length)
        await until(() => only('done').length + only('expired').length >= keys.length)
        expect(cuts).toBeGreaterThan(5)
        expect(outcome()).toBe('alive')
      }))

    it('listens again after the connection that listens was cut', ({ expect }) =>
      withSchema(server, async ({ manager, write, deliver }) => {
        const name = `listen ${process.pid}`
        const connectionString = `${server.connectionString}?application_name=${encodeURIComponent(name)}`
        const { delivered } = deliver(manager({ connectionString, pollInterval: HOUR }))
        const listeners = () =>
          server.query<{ pid: number }>(
            `SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND query LIKE 'LISTEN%'`,
            [name],
          )
        const [first] = await until(listeners, (found) => found.length === 1)
        const other = manager()
        await other.ready()
        await server.query('SELECT pg_terminate_backend($1)', [first!.pid])
        await write(other, 'of this nothing is known', Date.now(), 1)
        await until(listeners, (found) => found.length === 1 && found[0]!.pid !== first!.pid)
        await until(() => delivered.length > 0)
        await write(other, 'a', Date.now() + 100, 1)
        await until(() => delivered.length > 1)
        expect(delivered).toHaveLength(2)
      }))

    it('changes nothing by a write that lands after its client gave up and a newer one was made', ({
      expect,
    }) =>
      withSchema(server, async ({ table, manager, pool, write, row }) => {
        const [given, other] = [manager({ timeout: 2_000 }), pool()]
        await write(given, 'a', 50_000, 5)
        const blocker = await other.connect()
        await blocker.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`)
        expect(await write(given, 'a', 90_000, 6)).toMatchObject({
          code: 'ALARM_STORAGE_UNREACHABLE',
          counted: false,
        })
        const waiting = () =>
          blocker.query(`SELECT FROM pg_locks WHERE relation = $1::regclass AND NOT granted`, [table])
        expect((await waiting()).rowCount).toBe(1) // it is still going to land
        await blocker.query(`UPDATE ${table} SET fence = 9, set_by = 9, time = 60000, due = 60000`)
        await blocker.query('COMMIT')
        await until(waiting, ({ rowCount }) => rowCount === 0)
        blocker.release()
        expect(await row('a')).toMatchObject({ fence: '9', time: '60000' })
      }))

    it('takes, and answers, once what was applied though its connection broke before it was heard', ({
      expect,
    }) =>
      withSchema(server, async ({ manager, pool, write, deliver, row }) => {
        const deaf = pool()
        const broken: string[] = []
        const query = deaf.query.bind(deaf) as (...args: unknown[]) => Promise<unknown>
        deaf.query = (async (config: { text: string }, ...rest: unknown[]) => {
          const result = await query(config, ...rest)
          const what = ['taken AS', 'said AS'].find((part) => config.text?.includes(part))
          if (what === undefined || broken.includes(what)) return result
          broken.push(what)
          throw new Error('Connection terminated unexpectedly')
        }) as typeof deaf.query
        const worker = manager({ pool: deaf, lease: HOUR })
        const { delivered, events, only } = deliver(worker)
        await write(worker, 'a', Date.now(), 1)
        await until(() => only('done').length > 0)
        expect(broken).toEqual(['taken AS', 'said AS'])
        expect(delivered).toHaveLength(1)
        const stall = ['stalled', 'resumed']
        expect(events.map(({ kind }) => kind)).toEqual([...stall, 'delivered', ...stall, 'done'])
        expect(await row('a')).toMatchObject({ time: null, holder: null })
      }))

    it('begins again when the connections break with which it has just begun', ({ expect }) =>
      withSchema(server, async ({ manager, pool, write, deliver }) => {
        const other = manager()
        await write(other, 'a', Date.now(), 1)
        const breaking = pool()
        const broken: string[] = []
        breaking.on('connect', (client) => {
          const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>
          client.query = (async (config: string | { text: string }, ...rest: unknown[]) => {
            const text = typeof config === 'string' ? config : config.text
            const what = ['taken AS', 'LISTEN'].find((part) => text.includes(part))
            if (what === undefined || broken.includes(what)) return query(config, ...rest)
            broken.push(what)
            const error = new Error('Connection terminated unexpectedly')
            const done = rest.at(-1)
            if (typeof done !== 'function') throw error
            return done(error)
          }) as typeof client.query
        })
        const { only } = deliver(manager({ pool: breaking }))
        await until(() => only('done').length > 0)
        expect(broken).toHaveLength(2)
      }))

    it('ends when the tables were brought further while the server was away', ({ expect }) =>
      withSchema(server, async ({ schema, manager, deliver }) => {
        const name = `newer ${process.pid}`
        const connectionString = `${server.connectionString}?application_name=${encodeURIComponent(name)}`
        const { outcome } = deliver(manager({ connectionString, pollInterval: 20 }))
        await until(
          () => server.query(`SELECT FROM ${quoted(schema)}._nolater_deliverer`).catch(() => []),
          (found) => found.length > 0,
        )
        await server.query(`UPDATE ${quoted(schema)}._nolater_version SET version = version + 1`)
        await until(async () => {
          const cut = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1'
          await server.query(cut, [name])
          await sleep(500) // for the connections that are made in their place
          return outcome() !== 'alive'
        })
        expect(outcome()).toMatchObject({ code: 'ALARM_STORAGE_NEWER' })
      }))

    it('does not enter the answer of who has lost the lease', ({ expect }) =>
      withSchema(server, async ({ table, manager, write, deliver, row }) => {
        const worker = manager()
        let finish = (): void => {}
        const { delivered, only } = deliver(
          worker,
          () =>
            new Promise<void>((resolve) => {
              finish = resolve
            }),
        )
        const time = Date.now()
        await write(worker, 'a', time, 1)
        await until(() => delivered.length > 0)
        const holder = crypto.randomUUID() // as if this process had stood still, and another had taken it
        await server.query(`UPDATE ${table} SET holder = $1`, [holder])
        finish()
        await until(() => only('expired').length > 0)
        expect(await row('a')).toMatchObject({ time: `${time}`, holder })
      }))

    for (const [what, scopes, generation] of [
      ['delivers nothing that is paused', '[{"prefix":""}]', 1],
      ['delivers what is resumed', '[]', 2],
    ] as const) {
      it(`${what} in the moment of a look`, ({ expect }) =>
        withSchema(server, async ({ schema, manager, pool, write, deliver, row }) => {
          const worker = manager({ pollInterval: 50 })
          await worker.ready()
          const pauses = `${quoted(schema)}._nolater_pauses`
          if (scopes === '[]') await worker.pause()
          const operator = await pool().connect()
          await operator.query(`BEGIN; UPDATE ${pauses} SET generation = ${generation}, scopes = '${scopes}'`)
          const { delivered, only } = deliver(worker)
          await write(worker, 'a', Date.now(), 1)
          await until(
            () =>
              server.query(
                `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND position('taken AS' IN query) > 0
                   AND position($1 IN query) > 0`,
                [pauses],
              ),
            (found) => found.length > 0,
          )
          await operator.query('COMMIT')
          operator.release()
          if (scopes === '[]') await until(() => only('done').length > 0)
          else
            await until(
              () => row('a'),
              (held) => held?.aside === generation,
            )
          expect(delivered).toHaveLength(scopes === '[]' ? 1 : 0)
        }))
    }

    it('delivers each of many alarms to one of several workers', ({ expect }) =>
      withSchema(server, async ({ manager, write, deliver }) => {
        const managers = Array.from({ length: 3 }, () => manager())
        await managers[0]!.ready()
        const all = managers.map((each) => deliver(each, () => sleep(5), { concurrency: 5 }))
        const due = Date.now() + 300
        const keys = Array.from({ length: 120 }, (_, i) => `k${i}`)
        await Promise.all(keys.map((key) => write(managers[0]!, key, due, 1)))
        await until(() => all.flatMap(({ only }) => only('done')).length >= keys.length)
        const delivered = all.flatMap(({ delivered }) => delivered)
        expect(delivered.map(({ key }) => key).sort()).toEqual(keys.toSorted())
        expect(delivered.every(({ at, scheduledTime }) => at >= scheduledTime)).toBe(true)
      }))

    it('keeps the retries in the row, and the alarm as failed after the last', ({ expect }) =>
      withSchema(server, async ({ table, manager, write, deliver, row }) => {
        const worker = manager({ pollInterval: 20 })
        await write(worker, 'a', Date.now(), 1)
        const failing = deliver(worker, () => throwError(() => new Error('as the test wants')))
        // Time cannot be moved here, but the end of the back-off can.
        while (failing.only('given-up').length === 0) {
          await until(
            () => row('a'),
            (held) => held?.holder === null,
          )
          await server.query(`UPDATE ${table} SET due = 0 WHERE due IS NOT NULL AND holder IS NULL`)
        }
        expect(failing.delivered.map(({ retryCount }) => retryCount)).toEqual([0, 1, 2, 3, 4, 5, 6])
        const failed = await row('a')
        expect(failed).toMatchObject({ due: null, fence: '1', holder: null, counted: 7 })
        expect(failed?.time).not.toBeNull()
      }))

    it('makes no lease and no back-off longer because the clock of the database was set back', ({ expect }) =>
      withSchema(server, async ({ table, manager, write, deliver }) => {
        const worker = manager({ lease: 1_000 })
        const far = Date.now() + HOUR
        for (const key of ['backs off', 'leased', 'waits'])
          await write(worker, key, key === 'waits' ? far : 1, 1)
        // As they would be found if both had begun before a step of an hour.
        await server.query(
          `UPDATE ${table} SET begun = true, counted = 1, changed_at = $1, due = $1::bigint + 2000,
             holder = CASE WHEN key = 'leased' THEN gen_random_uuid() END,
             leased_until = CASE WHEN key = 'leased' THEN $1::bigint + 2000 END
           WHERE key <> 'waits'`,
          [far],
        )
        const { delivered, only } = deliver(worker)
        await until(() => only('done').length > 1)
        expect(delivered.map(({ key }) => key).sort()).toEqual(['backs off', 'leased'])
      }))

    it('forgets fences of removals after a day, as many as there are', ({ expect }) =>
      withSchema(server, async ({ table, manager, write, deliver, row }) => {
        const worker = manager()
        for (const key of ['old', 'young']) await write(worker, key, null, 5)
        await write(worker, 'set', Date.now() + HOUR, 5)
        await server.query(`UPDATE ${table} SET changed_at = changed_at - 86400001 WHERE key <> 'young'`)
        await server.query(
          `INSERT INTO ${table} (id, key, fence, set_by, again, counted, uncounted, changed_at)
           SELECT decode(lpad(to_hex(i), 64, '0'), 'hex'), 'gone ' || i, 1, 1, false, 0, 0, i FROM generate_series(1, 2500) AS i`,
        )
        deliver(worker)
        await until(
          () => row('old'),
          (held) => held === undefined,
        )
        await until(
          () => server.query(`SELECT FROM ${table}`),
          (left) => left.length === 2,
        )
        expect(await row('young')).toMatchObject({ fence: '5' })
        expect(await row('set')).toMatchObject({ fence: '5' })
        expect(await write(worker, 'young', Date.now(), 4)).toMatchObject({ code: 'ALARM_FENCED' })
        expect(await write(worker, 'old', null, 4)).toBe('done')
      }))

    it('waits for its handlers when it is closed, and gives back what it has not begun', ({ expect }) =>
      withSchema(server, async ({ manager, write, deliver, row }) => {
        const first = manager()
        let isWritten: unknown
        const { only, outcome } = deliver(first, async ({ key }) => {
          await sleep(300)
          isWritten = await write(first, 'b', Date.now() + HOUR, 1) // the handler may still write
          return key
        })
        await write(first, 'a', Date.now(), 1)
        await until(() => only('delivered').length > 0)
        await first.close()
        expect(only('done')).toHaveLength(1)
        expect(outcome()).toBe('complete')
        expect(isWritten).toBe('done')
        expect(await row('a')).toMatchObject({ time: null, holder: null })
        expect(await write(first, 'a', 1, 2)).toMatchObject({ code: 'ALARM_CLOSED' })
        expect(await settled(first.deliveries(() => EMPTY))).toMatchObject({ code: 'ALARM_CLOSED' })
      }))

    it('gives back at once what a handler has not answered when it is unsubscribed', ({ expect }) =>
      withSchema(server, async ({ manager, write, deliver }) => {
        const first = manager({ lease: HOUR })
        const stopped = deliver(first, () => NEVER)
        await write(first, 'a', Date.now(), 1)
        await until(() => stopped.delivered.length > 0)
        stopped.stop()
        const second = deliver(manager({ lease: HOUR }))
        await until(() => second.only('done').length > 0)
        expect(second.delivered).toMatchObject([{ key: 'a', retryCount: 0 }])
      }))
  })
}

/** These stop the server itself, so nothing else may use it meanwhile. */
export function describeCrashes(server: Server): void {
  describe('postgresManager, when the server crashes', { timeout: 300_000 }, () => {
    it('loses nothing, and enters the answers of handlers that were at work', ({ expect }) =>
      withSchema(server, async ({ manager, write, deliver, row }) => {
        const worker = manager({ lease: HOUR }) // it outlasts the crash, however long a loaded machine takes for it
        let finish = (): void => {}
        const { delivered, only, outcome } = deliver(worker, ({ key }) =>
          key === 'at work' ? new Promise<void>((resolve) => (finish = resolve)) : EMPTY,
        )
        await write(worker, 'at work', Date.now(), 1)
        await until(() => delivered.length === 1)
        const due = Date.now() + 500
        await write(worker, 'waiting', due, 1)
        await server.crash()
        expect(await write(worker, 'new', due, 1)).toMatchObject({ code: 'ALARM_STORAGE_UNREACHABLE' })
        finish()
        await until(() => Date.now() > due) // the server is away when the alarm is due
        await server.start()
        await until(() => only('done').length === 2)
        expect(delivered.map(({ key }) => key)).toEqual(['at work', 'waiting'])
        expect(await row('at work')).toMatchObject({ time: null })
        expect(await write(worker, 'new', due, 1)).toBe('done')
        await until(() => only('done').length === 3)
        expect(outcome()).toBe('alive')
      }))
  })
}
