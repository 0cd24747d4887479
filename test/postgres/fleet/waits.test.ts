import pg from 'pg'
import { firstValueFrom } from 'rxjs'
import { describe, it } from 'vitest'
import { shardOf } from '../../../src/postgres/fleet/shard-of.ts'
import { sleep, until } from '../rig.ts'
import { serverOfFile } from '../server.ts'
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

const REPORT = 'kept AS'

describe.skipIf(typeof server === 'string')(
  'postgresFleet, where it is kept waiting',
  {
    timeout: 60_000,
  },
  () => {
    it('keeps its lease though the connection is dead that it reports on', ({ expect }) =>
      withFleets(async ({ open, query }) => {
        const { pool, kill, dead, ended } = deadPool()
        const fleet = await open({ pool, ownerLease: 4_000 })
        await ownsAll(fleet)
        const sizes: number[] = []
        fleet.owned$.subscribe(({ size }) => sizes.push(size))
        kill(REPORT)
        await until(() => dead.length === 1)
        const seen = () => query<{ seen: number }>('SELECT seen::float8 FROM $schema._nolater_process')
        const [before] = await seen()
        // That it was sent is no report: the answer counts, and a lease later it would be too late.
        await until(seen, ([row]) => row !== undefined && row.seen > (before?.seen ?? 0) + 4_500)
        expect(sizes).toEqual([SHARDS])
        expect(ended).toContain(dead[0]) // or the pool would have one less
      }))

    it('begins though the connection is dead that it asks for the timeline', ({ expect }) =>
      withFleets(async ({ open }) => {
        const { pool, kill, dead, ended } = deadPool()
        const fleet = await open({ pool, timeout: 500 })
        kill('pg_walfile_name') // the first report asks
        await ownsAll(fleet)
        expect(dead).toHaveLength(1)
        await until(() => ended.has(dead[0]!))
      }))

    it('does the changes of others though three functions of their transaction have no end', ({ expect }) =>
      withFleets(async ({ open, query, item }) => {
        const fleet = await open({ timeout: 1_000 })
        await ownsAll(fleet)
        const ended: string[] = []
        const all = [...'abcdefghij'].map((key) =>
          codeOf(
            fleet.change(key, async (tx) => {
              if ('bei'.includes(key)) await new Promise(() => {})
              await tx.query(`INSERT INTO ${item} VALUES ($1, 'tea')`, [key])
            }),
          ).then((code) => ended.push(`${key} ${code}`)),
        )
        await Promise.all(all)
        // The first one is waited for by all, and the two others by none.
        expect(ended.indexOf('b ALARM_TRANSACTION_INVALID')).toBe(0)
        expect(ended.slice(-2).sort()).toEqual(['e ALARM_TRANSACTION_INVALID', 'i ALARM_TRANSACTION_INVALID'])
        expect(ended.filter((each) => each.endsWith('done'))).toHaveLength(7)
        expect(await query('SELECT actor FROM $schema.item')).toHaveLength(7)
      }))

    it('lets the changes of others go on while an actor waits for a commit that was not answered', ({
      expect,
    }) =>
      withFleets(async ({ open, query }) => {
        const late: Late = { isHeld: false, ended: Promise.resolve() }
        const fleet = await open({ pool: heldPool(server, late), timeout: 4_000 })
        await ownsAll(fleet)
        late.isHeld = true
        fleet.actor('a').set(Date.now() + 3_600_000)
        expect(await codeOf(firstValueFrom(fleet.actor('a').confirmed()))).toBe('ALARM_COMMIT_FAILED')
        await late.ended
        // A commit that holds the shard: it gets its new epoch only after that.
        const holder = new pg.Client(whereOf(server))
        await holder.connect()
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
        await holder.end()
      }))

    it('says so when no connection comes', ({ expect }) =>
      withFleets(async ({ open }) => {
        const pool = new pg.Pool({ ...whereOf(server), max: 3 })
        const fleet = await open({ pool, timeout: 1_000, ownerLease: 60_000 })
        await ownsAll(fleet)
        await fleet.change('a', () => {})
        const others = await Promise.all([pool.connect(), pool.connect()])
        const refused = await fleet.change('a', () => {}).catch((error) => error)
        expect(refused).toMatchObject({
          code: 'ALARM_STORAGE_UNREACHABLE',
          message: expect.stringContaining('No connection was free within 1000 ms'),
        })
        for (const other of others) other.release()
        expect(await codeOf(fleet.change('a', () => {}))).toBe('done')
      }))

    it('has none wait for more than the functions of its transaction may take', ({ expect }) =>
      withFleets(async ({ open }) => {
        const fleet = await open({ timeout: 2_000 })
        await ownsAll(fleet)
        const slow = (key: string): Promise<string> =>
          fleet.change(key, async (tx) => {
            await sleep(1_200)
            return (await tx.query('SELECT txid_current() AS id')).rows[0].id
          })
        const [a, b, c, d] = await Promise.all([...'abcd'].map(slow))
        expect(b).toBe(a)
        expect(new Set([a, c, d]).size).toBe(3)
      }))
  },
)
