import type { ActorFleet } from 'nolater'
import { codeOf, type FleetCase, HOUR, type SharedOptions } from './rig.ts'

const operations: NonNullable<SharedOptions['operations']> = {
  async remind(tx, alarm, { note, ms }: { note: string; ms: number }) {
    await tx.query('INSERT INTO item VALUES ($1, $2)', [alarm.key, note])
    alarm.setIn(ms)
    const { rows } = await tx.query('SELECT count(*) AS items FROM item')
    return { items: Number(rows[0].items), left: undefined }
  },
  async fail(tx, alarm) {
    await tx.query('INSERT INTO item VALUES ($1, $2)', [alarm.key, 'failed'])
    throw new RangeError('no')
  },
  nothing() {},
  echo: (_, __, input: { at?: unknown } | null) => [input, typeof input?.at],
  count: () => 1n,
  name: () => () => {},
}

const remind = (fleet: ActorFleet, key: string, id?: string): Promise<unknown> =>
  fleet.call(key, 'remind', { note: 'tea', ms: HOUR }, id === undefined ? {} : { id })

export const requests: readonly FleetCase[] = [
  {
    name: 'does what is called by its name, with its alarm, and resolves with its result as JSON',
    async check({ expect, open, items }) {
      const fleet = await open({ operations })
      expect(await remind(fleet, 'a')).toStrictEqual({ items: 1 })
      expect(await fleet.call('a', 'nothing')).toBe(null)
      expect(await items()).toEqual(['a tea'])
      expect(fleet.actor('a').time).toBeGreaterThan(Date.now())
    },
  },
  {
    name: 'does once what has an id, for each actor, and gives the same result each time',
    async check({ expect, open, items }) {
      const fleet = await open({ operations })
      const first = await Promise.all([remind(fleet, 'a', 'x'), remind(fleet, 'a', 'x')])
      expect(first).toEqual([{ items: 1 }, { items: 1 }])
      expect(await remind(fleet, 'b', 'x')).toEqual({ items: 2 })
      expect(await remind(fleet, 'a', 'x')).toEqual({ items: 1 })
      expect(await remind(fleet, 'a')).toEqual({ items: 3 })
      await fleet.close()
      const next = await open({ operations })
      expect(await remind(next, 'a', 'x')).toEqual({ items: 1 })
      expect((await items()).sort()).toEqual(['a tea', 'a tea', 'b tea'])
    },
  },
  {
    name: 'forgets an id with what has failed',
    async check({ expect, open, items }) {
      const fleet = await open({ operations })
      for (const _ of [1, 2])
        expect(await codeOf(fleet.call('a', 'fail', null, { id: 'x' }))).toBeInstanceOf(RangeError)
      expect(await items()).toEqual([])
      expect(await remind(fleet, 'a', 'x')).toEqual({ items: 1 })
    },
  },
  {
    name: 'refuses an operation that it was not opened with',
    async check({ expect, open }) {
      const fleet = await open({ operations })
      expect(await codeOf(fleet.call('a', 'forget'))).toBe('ALARM_CONFIG_INVALID')
      expect(await codeOf(fleet.call('a', 'toString'))).toBe('ALARM_CONFIG_INVALID')
      expect(await codeOf(fleet.call('\ud800', 'nothing'))).toBe('ALARM_KEY_INVALID')
      for (const wrong of [{ remind: 'INSERT' }, null, 'remind'])
        expect(await open({ operations: wrong as never }).catch((error) => error)).toMatchObject({
          code: 'ALARM_CONFIG_INVALID',
        })
    },
  },
  {
    name: 'gives JSON, as if another process had asked, and refuses what is none',
    async check({ expect, open, items }) {
      const fleet = await open({ operations })
      const at = new Date(0)
      expect(await fleet.call('a', 'echo', { at, none: undefined })).toStrictEqual([
        { at: at.toISOString() },
        'string',
      ])
      expect(await fleet.call('a', 'echo')).toEqual([null, 'undefined'])
      const circle: { self?: unknown } = {}
      circle.self = circle
      for (const input of [1n, circle, () => {}, Symbol('no')])
        expect(await codeOf(fleet.call('a', 'echo', input))).toBe('ALARM_VALUE_INVALID')
      for (const operation of ['count', 'name'])
        expect(await codeOf(fleet.call('a', operation, null, { id: 'x' }))).toBe('ALARM_VALUE_INVALID')
      expect(await remind(fleet, 'a', 'x')).toEqual({ items: 1 })
      expect(await items()).toEqual(['a tea'])
    },
  },
  {
    name: 'serves what is asked for from elsewhere',
    async check({ expect, open, items }) {
      const fleet = await open({ operations })
      const request = { key: 'a', operation: 'remind', input: { note: 'tea', ms: HOUR }, id: 'x' }
      expect(await fleet.serve(request)).toEqual({ items: 1 })
      expect(await fleet.serve(request)).toEqual({ items: 1 })
      expect(await items()).toEqual(['a tea'])
    },
  },
]
