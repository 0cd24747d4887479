import pg from 'pg'
import { firstValueFrom } from 'rxjs'
import { describe, it } from 'vitest'
import { openDatabase } from '../../../src/postgres/database.ts'
import { shardOf } from '../../../src/postgres/fleet/shard-of.ts'
import { until } from '../rig.ts'
import { type Server, serverOfFile } from '../server.ts'
import { codeOf, fleetsOn, heldPool, type Late, ownsAll, SHARDS, whereOf } from './fleet-rig.ts'

const server = serverOfFile()
const withFleets = fleetsOn(server)

interface DeadPool {
  readonly pool: pg.Pool
  /** The next connections that are asked this get no answer from here on: so many. */
  kill(text: string, count?: number): void
  readonly dead: pg.PoolClient[]
  /** those that the pool has ended */
  readonly ended: Set<pg.PoolClient>
}

/** A pool whose connections die without a word, as behind a router that has forgotten them. */
function deadPool(): DeadPool {
  const pool = new pg.Pool(whereOf(server))
  const dead: pg.PoolClient[] = []
  const ended = new Set<pg.PoolClient>()
  let deadly = { text: '', left: 0 }
  pool.on('remove', (client) => ended.add(client as pg.PoolClient))
  pool.on('connect', (client) => {
    const query = client.query.bind(client) as (...asked: unknown[]) => unknown
    client.query = ((asked: string | { text: string }, ...more: unknown[]) => {
      const text = typeof asked === 'string' ? asked : asked.text
      const sent = query(asked, ...more)
      if (deadly.left > 0 && text.includes(deadly.text)) {
        deadly.left--
        dead.push(client)
        ;(client as unknown as { connection: { stream: { pause(): void } } }).connection.stream.pause()
      }
      return sent
    }) as never
  })
  return {
    pool,
    dead,
    ended,
    kill(text, left = 1) {
      deadly = { text, left }
    },
  }
}

describe.skipIf(typeof server === 'string')(
  'postgresFleet, where it is kept waiting',
  {
    timeout: 60_000,
  },
  () => {
    it('ends a connection that has not answered within the time of a statement, and asks another one', async ({
      expect,
      onTestFinished,
    }) => {
      const { pool, kill, dead, ended } = deadPool()
      const db = openDatabase({ pool, schema: (server as Server).newSchema(), migrate: true })
      onTestFinished(async () => {
        await db.close()
        await pool.end()
      })
      await db.pool()
      kill('AS asked')
      const failure = await db.query('SELECT 1 AS asked', [], 300).catch((error) => error)
      expect(failure).toMatchObject({ code: 'ALARM_STORAGE_UNREACHABLE', passes: true })
      await until(() => ended.has(dead[0]!)) // or the pool would have one less
      expect(await db.query('SELECT 2 AS asked', [])).toEqual([{ asked: 2 }])
    })

    it('begins though the connection is dead that it asks for the timeline', ({ expect }) =>
      withFleets(async ({ open }) => {
        const { pool, kill, dead, ended } = deadPool()
        const fleet = await open({ pool, timeout: 3_000 })
        kill('pg_walfile_name') // the first report asks
        await ownsAll(fleet)
        expect(dead).toHaveLength(1)
        await until(() => ended.has(dead[0]!))
      }))

    it('lets the changes of others go on while an actor waits for a commit that was not answered', ({
      expect,
      onTestFinished,
    }) =>
      withFleets(async ({ open, query }) => {
        const late: Late = { isHeld: false, ended: Promise.resolve() }
        const fleet = await open({ pool: heldPool(server, late), timeout: 10_000 })
        await ownsAll(fleet)
        late.isHeld = true
        fleet.actor('a').set(Date.now() + 3_600_000)
        expect(await codeOf(firstValueFrom(fleet.actor('a').confirmed()))).toBe('ALARM_COMMIT_FAILED')
        await late.ended
        // A commit that holds the shard: it gets its new epoch only after that.
        const holder = new pg.Client(whereOf(server))
        await holder.connect()
        onTestFinished(() => holder.end())
        const table = (await query<{ name: string }>(`SELECT '$schema'::text AS name`))[0]?.name
        await holder.query('BEGIN')
        await holder.query(`SELECT FROM ${table}._nolater_shard WHERE id = ${shardOf('a', SHARDS)} FOR SHARE`)
        const ended: string[] = []
        const keys = [
          'a',
          ...['b', 'c', 'd', 'e'].filter((key) => shardOf(key, SHARDS) !== shardOf('a', SHARDS)),
        ]
        const all = keys.map((key) =>
          codeOf(fleet.change(key, () => {})).then((code) => ended.push(`${key} ${code}`)),
        )
        await until(() => ended.length === keys.length - 1)
        expect(ended).toEqual(keys.slice(1).map((key) => `${key} done`))
        await holder.query('COMMIT')
        await Promise.all(all)
        expect(ended.at(-1)).toBe('a done')
      }))

    it('says so when no connection comes', ({ expect }) =>
      withFleets(async ({ open }) => {
        const pool = new pg.Pool({ ...whereOf(server), max: 3 })
        const fleet = await open({ pool, timeout: 3_000, ownerLease: 60_000 })
        await ownsAll(fleet)
        await fleet.change('a', () => {})
        const others = await Promise.all([pool.connect(), pool.connect()])
        const refused = await fleet.change('a', () => {}).catch((error) => error)
        for (const other of others) other.release()
        expect(refused).toMatchObject({
          code: 'ALARM_STORAGE_UNREACHABLE',
          message: expect.stringContaining('No connection was free within 3000 ms'),
        })
        expect(await codeOf(fleet.change('a', () => {}))).toBe('done')
      }))
  },
)
