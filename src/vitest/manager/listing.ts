import { EMPTY, throwError } from 'rxjs'
import type { ListedAlarm, ListOptions } from '../../index.ts'
import { atWork } from './at-work.ts'
import type { Case } from './case.ts'

const FAR = 3_600_000
const keysIn = (alarms: readonly ListedAlarm[]): string[] => alarms.map(({ key }) => key)

export const listing: readonly Case[] = [
  {
    title: 'says of each alarm how it stands',
    needs: ['list'],
    async check({ expect, t0, unit, write, deliver, until, list }) {
      const work = atWork()
      const { delivered, only } = deliver((delivery) => {
        if (delivery.key === 'delivering') return work.handler(delivery)
        const retry = delivery.key === 'backing-off'
        return throwError(() => Object.assign(new TypeError(`no ${delivery.key}`), { retry }))
      })
      await write('pending', t0 + FAR, 2)
      await write('removed', t0 + FAR, 1)
      await write('removed', null, 2)
      for (const key of ['delivering', 'backing-off', 'failed']) await write(key, t0, 7)
      await until(
        () => delivered.length > 2 && only('failed').length > 1 && only('given-up').length > 0,
        unit,
      )
      // All at once: where time is real, the back-off must not end in between.
      const states = ['pending', 'delivering', 'backing-off', 'failed', 'due'] as const
      const [listed, ...byState] = await Promise.all([list(), ...states.map((state) => list({ state }))])
      const all = new Map(listed!.map((alarm) => [alarm.key, alarm]))
      expect([...all.keys()].sort()).toEqual(['backing-off', 'delivering', 'failed', 'pending'])
      for (const [key, { state }] of all) expect(state).toBe(key)
      expect(all.get('pending')).toMatchObject({
        time: t0 + FAR,
        due: t0 + FAR,
        fence: 2,
        failures: 0,
        lastError: null,
      })
      expect(all.get('delivering')).toMatchObject({ time: t0, fence: 7, failures: 0, lastError: null })
      expect(all.get('backing-off')).toMatchObject({
        time: t0,
        failures: 1,
        lastError: { name: 'TypeError', message: 'no backing-off' },
      })
      expect(all.get('failed')).toMatchObject({
        time: t0,
        due: null,
        fence: 7,
        lastError: { name: 'TypeError', message: 'no failed' },
      })
      expect(byState.map(keysIn)).toEqual([['pending'], ['delivering'], ['backing-off'], ['failed'], []])
    },
  },
  {
    title: 'forgets the last error with the alarm that it was of',
    needs: ['list'],
    async check({ expect, t0, unit, write, deliver, until, list }) {
      const { only } = deliver(({ fence }) => (fence === 1 ? throwError(() => new Error('no')) : EMPTY))
      await write('a', t0, 1)
      await until(() => only('failed').length > 0, unit)
      await write('a', t0 + FAR, 2)
      expect(await list()).toMatchObject([{ key: 'a', state: 'pending', failures: 0, lastError: null }])
    },
  },
  {
    title: 'keeps the beginning of an error, and of any value that is thrown',
    needs: ['list'],
    async check({ expect, t0, unit, write, deliver, until, list }) {
      expect(await list()).toEqual([])
      const thrown: Record<string, unknown> = {
        long: Object.assign(new Error('é'.repeat(5_000)), { name: 'N'.repeat(5_000), retry: false }),
        odd: Object.defineProperty(Object.assign({}, { retry: false }), 'message', {
          get() {
            throw new Error('a getter that throws')
          },
        }),
        nul: Object.assign(new Error('a\0b\ud800'), { retry: false }),
      }
      const { only } = deliver(({ key }) => throwError(() => thrown[key]))
      for (const key of Object.keys(thrown)) await write(key, t0, 1)
      await until(() => only('given-up').length > 2, unit)
      const errors = Object.fromEntries((await list()).map(({ key, lastError }) => [key, lastError!]))
      expect(errors.long!.name.length).toBeLessThanOrEqual(1_000)
      expect(errors.long!.message.length).toBeLessThanOrEqual(4_000)
      expect(errors.long!.message.startsWith('é'.repeat(100))).toBe(true)
      expect(errors.odd!.name).not.toBe('')
      expect(errors.nul!.message.startsWith('a')).toBe(true)
    },
  },
  {
    title: 'lists in the order in which they are due, from any place on, and only what is asked for',
    needs: ['list'],
    async check({ expect, t0, unit, write, deliver, until, list }) {
      const { only } = deliver(() => throwError(() => ({ retry: false })))
      await write('x failed', t0, 1)
      await until(() => only('given-up').length > 0, unit)
      // Three at each time, so that pages end among those that are due together.
      const times = new Map<string, number>()
      for (let i = 0; i < 12; i++) times.set(`${i % 2 === 0 ? 'x' : 'y'} ${i}`, t0 + FAR * (4 - (i % 4)))
      for (const [key, time] of times) await write(key, time, 1)
      const all = await list()
      expect(all).toHaveLength(13)
      const inOrder = all.map(({ due, time }) => due ?? time)
      expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b))
      const keys = keysIn(all)
      for (const place of [0, 1, 5, 11, 12]) {
        expect(keysIn(await list({ after: all[place]! }))).toEqual(keys.slice(place + 1))
        expect(keysIn(await list({ after: keys[place]!, limit: 2 }))).toEqual(
          keys.slice(place + 1, place + 3),
        )
      }
      const asked = async (options: ListOptions): Promise<string[]> => keysIn(await list(options))
      expect(await asked({ limit: 0 })).toEqual([])
      expect(await asked({ prefix: 'x' })).toEqual(keys.filter((key) => key.startsWith('x')))
      expect(await asked({ prefix: 'y', limit: 2, state: 'pending' })).toEqual(
        keys.filter((key) => key.startsWith('y')).slice(0, 2),
      )
      expect(await asked({ dueBefore: t0 + 2 * FAR })).toEqual(keys.slice(0, 4))
      expect(await asked({ dueBefore: t0 })).toEqual([])
    },
  },
]
