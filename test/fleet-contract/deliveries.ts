import type { ActorFleet } from 'nolater'
import { firstValueFrom, throwError } from 'rxjs'
import type { FleetDelivery } from '../../src/fleet/actor-fleet.ts'
import { sleep, until } from '../postgres/rig.ts'
import { add, codeOf, current, type FleetCase, HOUR } from './rig.ts'

const alarmOf = (fleet: ActorFleet, key: string): Promise<number | null> =>
  fleet.change(key, (_, alarm) => alarm.time)

export const deliveries: readonly FleetCase[] = [
  {
    name: 'delivers the alarm that a change has asked for, and deletes it then',
    async check({ expect, open, delivered }) {
      const fleet = await open()
      const kinds: string[] = []
      fleet.deliveries$.subscribe(({ kind }) => kinds.push(kind))
      const time = await fleet.change('a', (_, alarm) => {
        alarm.setIn(30)
        return alarm.time
      })
      await until(() => kinds.includes('done'))
      expect(delivered).toMatchObject([{ key: 'a', scheduledTime: time, retryCount: 0, isRetry: false }])
      expect(Object.keys(delivered[0]!).sort()).toEqual([
        'id',
        'isRetry',
        'key',
        'retryCount',
        'scheduledTime',
      ])
      expect(kinds).toEqual(['delivered', 'done'])
      await until(
        () => alarmOf(fleet, 'a'),
        (alarm) => alarm === null,
      )
      fleet.actor('b').setIn(1)
      await until(() => delivered.length === 2)
    },
  },
  {
    name: 'commits what its handler changes, and tries again what has failed under the same id',
    async check({ expect, open, items }) {
      const tries: FleetDelivery[] = []
      const fleet: ActorFleet = await open({
        async handler(delivery) {
          tries.push(delivery)
          await fleet.change(delivery.key, async (tx, alarm) => {
            await tx.query('INSERT INTO item VALUES ($1, $2)', [delivery.key, `${alarm.time}`])
          })
          if (tries.length === 1) throw new RangeError('not yet')
        },
      })
      await fleet.change('a', (_, alarm) => alarm.set(0))
      await until(() => tries.length === 2)
      expect(tries[1]).toEqual({ ...tries[0], retryCount: 1, isRetry: true })
      await until(
        () => alarmOf(fleet, 'a'),
        (alarm) => alarm === null,
      )
      expect(await items()).toEqual(['a null', 'a null']) // while its handler runs
    },
  },
  {
    name: 'keeps the alarm that a handler asks for in its change',
    async check({ expect, open, delivered }) {
      const fleet: ActorFleet = await open({
        handler: (delivery) => {
          delivered.push(delivery)
          return fleet.change(delivery.key, (_, alarm) => alarm.setIn(delivered.length < 3 ? 0 : HOUR))
        },
      })
      await fleet.change('a', (_, alarm) => alarm.set(0))
      await until(() => delivered.length === 3)
      expect(new Set(delivered.map(({ id }) => id)).size).toBe(3)
      await fleet.drained()
      expect(await alarmOf(fleet, 'a')).toBeGreaterThan(Date.now())
    },
  },
  {
    name: 'calls abandon when an alarm is given up, and delivers what that asks for',
    async check({ expect, open }) {
      const given: unknown[] = []
      const ids = new Set<string>()
      const fleet: ActorFleet = await open({
        handler({ id }) {
          ids.add(id)
          return given.length > 0 ? [] : throwError(() => Object.assign(new Error('no'), { retry: false }))
        },
        async abandon(...asked) {
          given.push(asked)
          await fleet.change('a', (_, alarm) => alarm.set(0))
        },
      })
      await fleet.change('a', (_, alarm) => alarm.set(0))
      await until(() => ids.size === 2)
      expect(given).toEqual([['a', 0]])
      await until(
        () => alarmOf(fleet, 'a'),
        (alarm) => alarm === null,
      )
    },
  },
  {
    name: 'rolls back what a handler has under way when its lease ends',
    async check({ expect, open, items }) {
      const codes: unknown[] = []
      const fleet: ActorFleet = await open({
        lease: 1_000,
        handler: async ({ key }) => {
          const change = fleet.change(key, async (tx) => {
            await tx.query('INSERT INTO item VALUES ($1, $2)', [key, 'tea'])
            if (codes.length === 0) await sleep(1_500)
          })
          codes.push(await codeOf(change))
          codes.push(await codeOf(fleet.change(key, () => {})))
        },
      })
      await fleet.change('a', (_, alarm) => alarm.set(0))
      await until(() => codes.at(-1) === 'done')
      expect(codes.slice(0, 2)).toEqual(['ALARM_CLOSED', 'ALARM_CLOSED'])
      expect(await items()).toEqual(['a tea'])
    },
  },
  {
    name: 'says what it owns, and how it stands',
    async check({ expect, open }) {
      const { promise: end, resolve } = Promise.withResolvers<void>()
      const fleet = await open({ handler: () => end, concurrency: 1 })
      expect(current(fleet.owned$)?.size).toBeGreaterThan(0)
      expect(await firstValueFrom(fleet.health$)).toMatchObject({
        owned: current(fleet.owned$)?.size,
        processes: 1,
        overdue: null,
        error: null,
      })
      await Promise.all(['a', 'b'].map((key) => fleet.change(key, (_, alarm) => alarm.setIn(0))))
      await until(
        () => firstValueFrom(fleet.health$),
        ({ overdue }) => overdue !== null && overdue > 0,
      )
      expect(fleet.pressure).toMatchObject({ actors: 2, delivering: 1 })
      resolve()
    },
  },
  {
    name: 'lets the changes end that were asked for before it is closed',
    async check({ expect, open, items }) {
      const fleet = await open()
      const slow = ['a', 'a', 'b'].map((key) =>
        fleet.change(key, async (tx, alarm) => {
          await sleep(50)
          await add('tea')(tx, alarm)
        }),
      )
      await fleet.close()
      expect(await Promise.all(slow.map(codeOf))).toEqual(['done', 'done', 'done'])
      expect((await items()).sort()).toEqual(['a tea', 'a tea', 'b tea'])
    },
  },
  {
    name: 'lets changes and handlers end before it is closed, and takes nothing else',
    async check({ expect, open, items, delivered }) {
      const { promise: end, resolve } = Promise.withResolvers<void>()
      const fleet: ActorFleet = await open({
        handler: async (delivery) => {
          delivered.push(delivery)
          await end
          await fleet.change(delivery.key, async (tx) => {
            await tx.query('INSERT INTO item VALUES ($1, $2)', [delivery.key, 'handled'])
          })
        },
      })
      await fleet.change('a', (_, alarm) => alarm.set(0))
      await until(() => delivered.length === 1)
      const asked = fleet.change('b', add('tea'))
      const closing = fleet.close()
      expect(await codeOf(fleet.change('c', add('tea')))).toBe('ALARM_CLOSED')
      expect(await codeOf(asked)).toBe('done')
      expect(await Promise.race([closing, sleep(100).then(() => 'open')])).toBe('open')
      resolve()
      await closing
      expect((await items()).sort()).toEqual(['a handled', 'b tea'])
      expect(current(fleet.owned$)?.size ?? 0).toBe(0)
      // What was given back is another process's, on PostgreSQL.
      expect(await codeOf(fleet.change('a', () => {}))).toMatch(/^ALARM_(CLOSED|FENCED)$/)
      const next = await open()
      expect([await alarmOf(next, 'a'), (await alarmOf(next, 'b')) !== null]).toEqual([null, true])
    },
  },
]
