import { EMPTY, throwError } from 'rxjs'
import type { Case } from './case.ts'
import type { Delivered } from './deliveries.ts'

const DAY = 86_400_000
const no = new Error('the handler fails, as its test wants')
const away = Object.assign(new Error('the store was away'), { counted: false })

/** Between the deliveries, ms. */
const rests = (delivered: readonly Delivered[]): number[] =>
  delivered.slice(1).map(({ at }, i) => at - delivered[i]!.at)

export const failures: readonly Case[] = [
  {
    title: 'delivers again 2 s after a failure, or up to a quarter more, and counts it',
    async check({ expect, t0, unit, isVirtual, write, deliver, until }) {
      const { delivered } = deliver(() => throwError(() => no))
      await write('a', t0, 1)
      await until(() => delivered.length > 1, unit + 2_500)
      expect(delivered.map(({ retryCount }) => retryCount)).toEqual([0, 1])
      const [rest = 0] = rests(delivered)
      expect(rest).toBeGreaterThanOrEqual(2_000)
      if (isVirtual) expect(rest).toBeLessThanOrEqual(2_500)
    },
  },
  {
    title: 'counts a handler that throws, rejects or returns no answer as failed',
    async check({ expect, t0, unit, write, deliver, until }) {
      const wrongs: (() => unknown)[] = [
        () => {
          throw no
        },
        () => Promise.reject(no),
        () => undefined,
      ]
      const { only, outcome } = deliver(({ key }) => wrongs[Number(key)]!() as never)
      for (const [i] of wrongs.entries()) await write(`${i}`, t0, 1)
      await until(() => only('failed').length >= wrongs.length, unit)
      expect(only('failed').map(({ counted }) => counted)).toEqual([true, true, true])
      expect(outcome()).toBe('alive')
    },
  },
  {
    title: 'tries 6 times more, each rest twice as long, then gives the alarm up',
    needs: ['virtual time'],
    async check({ expect, t0, write, deliver, wait }) {
      const { delivered, only } = deliver(() => throwError(() => no))
      await write('a', t0, 2)
      await wait(10 * 60_000)
      expect(delivered.map(({ retryCount }) => retryCount)).toEqual([0, 1, 2, 3, 4, 5, 6])
      for (const [i, rest] of rests(delivered).entries()) {
        expect(rest).toBeGreaterThanOrEqual(2_000 * 2 ** i)
        expect(rest).toBeLessThanOrEqual(2_500 * 2 ** i)
      }
      expect(only('given-up')).toMatchObject([{ key: 'a', retryCount: 7 }])
      expect(only('abandoned')).toEqual([])
      expect(await write('a', t0, 1)).toMatchObject({ code: 'ALARM_FENCED' })
    },
  },
  {
    title: 'spreads alarms that failed together',
    needs: ['virtual time'],
    async check({ expect, t0, write, deliver, wait }) {
      const { delivered } = deliver(() => throwError(() => no))
      for (let i = 0; i < 20; i++) await write(`k${i}`, t0, 1)
      await wait(2_600)
      const retried = delivered.filter(({ retryCount }) => retryCount === 1).map(({ at }) => at)
      expect(retried).toHaveLength(20)
      expect(new Set(retried).size).toBeGreaterThan(5)
    },
  },
  {
    title: 'retries without end what does not count, at most 1024 s apart',
    needs: ['virtual time'],
    async check({ expect, t0, write, deliver, wait }) {
      const { delivered, only } = deliver(() => throwError(() => away))
      await write('a', t0, 1)
      await wait(DAY / 4)
      expect(delivered.length).toBeGreaterThan(25)
      expect(delivered.every(({ retryCount }) => retryCount === 0)).toBe(true)
      expect(rests(delivered)[3]).toBeGreaterThanOrEqual(16_000)
      expect(Math.max(...rests(delivered))).toBe(1_024_000)
      expect(only('abandoned')).toEqual([])
    },
  },
  {
    title: 'does not count a failure that says so',
    async check({ expect, t0, unit, write, deliver, until }) {
      const { delivered, only } = deliver(() => throwError(() => away))
      await write('a', t0, 1)
      await until(() => delivered.length > 1, unit + 2_500)
      expect(delivered.map(({ retryCount }) => retryCount)).toEqual([0, 0])
      expect(only('failed')[0]).toMatchObject({ counted: false })
    },
  },
  {
    title: 'delivers an alarm that was set during the back-off at its own time, with retries of its own',
    async check({ expect, t0, unit, now, write, deliver, until, offTime }) {
      const { delivered, only } = deliver(({ fence }) => (fence === 1 ? throwError(() => no) : EMPTY))
      for (const key of ['sooner', 'later']) await write(key, t0, 1)
      await until(() => only('failed').length > 1, unit)
      const [sooner, later] = [now() + unit, now() + 4_000]
      await write('sooner', sooner, 2)
      await write('later', later, 2)
      await until(() => delivered.length > 3, 4_000)
      expect(delivered.slice(2)).toMatchObject([
        { key: 'sooner', fence: 2, retryCount: 0 },
        { key: 'later', fence: 2, retryCount: 0 },
      ])
      expect(offTime(delivered[2], sooner)).toBe('')
      expect(offTime(delivered[3], later)).toBe('')
    },
  },
]
