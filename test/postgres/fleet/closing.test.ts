import type { FleetDelivery } from 'nolater/postgres'
import pg from 'pg'
import { firstValueFrom, NEVER } from 'rxjs'
import { describe, it } from 'vitest'
import { sleep, until } from '../rig.ts'
import { serverOfFile } from '../server.ts'
import { codeOf, fleetsOn, owned, whereOf } from './fleet-rig.ts'

const server = serverOfFile()
const withFleets = fleetsOn(server)

/** What is held until it is let go of. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open!: () => void
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}

describe.skipIf(typeof server === 'string')('postgresFleet, as it is closed', { timeout: 60_000 }, () => {
  it('begins no handler where changes are waited for, and leaves the alarm as it was', ({ expect }) =>
    withFleets(async ({ open, delivered, query }) => {
      const pool = new pg.Pool(whereOf(server))
      const send = pool.query.bind(pool) as (...asked: unknown[]) => Promise<{ rows: { id: unknown }[] }>
      const answer = gate()
      const taken = gate()
      pool.query = (async (asked: { text?: string }, ...more: unknown[]) => {
        const result = await send(asked, ...more)
        if (asked.text?.includes('AS was_due') === true && result.rows.some(({ id }) => id !== null)) {
          taken.open()
          await answer.opened
        }
        return result
      }) as never
      const fleet = await open({ pool, shards: 1, pollInterval: 100 })
      await until(() => owned(fleet).size === 1)
      const end = gate()
      const begun = gate()
      const changed = fleet.change('b', async () => {
        begun.open()
        await end.opened
      })
      await begun.opened
      await fleet.change('a', (_, alarm) => alarm.set(0))
      await taken.opened
      const closed = fleet.close()
      await until(
        () => codeOf(fleet.change('c', () => {})),
        (code) => code === 'ALARM_FENCED', // it waits for changes
      )
      answer.open()
      const rows = () => query<{ holder: unknown }>('SELECT holder FROM $schema._nolater_alarm')
      await until(rows, ([row]) => row?.holder === null)
      expect(delivered).toEqual([])
      end.open()
      expect(await codeOf(changed)).toBe('done')
      await closed
      await open({ shards: 1 })
      await until(() => delivered.length === 1)
      expect(delivered).toMatchObject([{ key: 'a', retryCount: 0 }])
    }))

  it('gives its shards away though actors in them never rest', ({ expect }) =>
    withFleets(async ({ open, query }) => {
      const fleet = await open({ shards: 1, timeout: 2_000 })
      await until(() => owned(fleet).size === 1)
      let isOver = false
      let time = Date.now() + 3_600_000
      const ends = Array.from({ length: 8 }, async (_, i) => {
        await sleep(i) // so that one commit is under way while others wait for the next
        while (!isOver) {
          fleet.actor(`k${i}`).set(time++)
          await firstValueFrom(fleet.actor(`k${i}`).confirmed())
        }
      })
      const codes = Promise.all(ends.map(codeOf))
      await sleep(100)
      await fleet.close()
      isOver = true
      expect(new Set(await codes)).toEqual(new Set(['ALARM_FENCED']))
      expect(await query('SELECT FROM $schema._nolater_shard WHERE owner IS NOT NULL')).toEqual([])
    }))

  it('gives its share away though handlers that do not end are begun again and again', ({ expect }) =>
    withFleets(async ({ open }) => {
      const begun: string[] = []
      const handler = ({ key }: FleetDelivery) => {
        begun.push(key)
        return NEVER
      }
      const one = await open({ handler, shards: 2, lease: 2_000 })
      await until(() => owned(one).size === 2)
      const keys = Array.from({ length: 20 }, (_, i) => `k${i}`)
      // By turns, so that in no moment none is at work.
      const all = keys.map((key, i) => one.change(key, (_, alarm) => alarm.setIn((i % 2) * 1_000)))
      await Promise.all(all)
      await until(() => begun.length > keys.length)
      expect(new Set(begun).size).toBe(keys.length)
      const two = await open({ handler, shards: 2, lease: 2_000 })
      await until(() => owned(one).size === 1 && owned(two).size === 1)
    }))
})
