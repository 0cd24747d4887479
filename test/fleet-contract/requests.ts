import { type ActorFleet, AlarmError } from 'nolater'
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
      const wrong = open({ operations: { remind: 'INSERT' as never } })
      expect(await wrong.catch((error) => error)).toBeInstanceOf(AlarmError)
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
