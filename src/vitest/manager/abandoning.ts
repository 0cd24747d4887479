import { EMPTY, NEVER, of, Subject, throwError } from 'rxjs'
import type { Case } from './case.ts'

const giveUp = () => throwError(() => ({ retry: false }))

export const abandoning: readonly Case[] = [
  {
    title: 'gives an alarm up at once on retry: false, and asks abandon what stands',
    async check({ expect, t0, unit, write, deliver, until, wait }) {
      const asked: unknown[] = []
      const { delivered, only } = deliver(giveUp, {
        abandon(key, scheduledTime) {
          asked.push([key, scheduledTime])
          return of(null)
        },
      })
      await write('a', t0, 1)
      await until(() => only('abandoned').length > 0, unit)
      await wait(2_600)
      expect(asked).toEqual([['a', t0]])
      expect(only('abandoned')).toMatchObject([{ key: 'a', scheduledTime: t0, kept: null }])
      expect(delivered).toHaveLength(1)
    },
  },
  {
    title: 'gives an alarm up at once on retry: false, with counted: false too',
    async check({ expect, t0, unit, write, deliver, until }) {
      const { delivered, only } = deliver(() => throwError(() => ({ retry: false, counted: false })), {
        abandon: () => of(null),
      })
      await write('a', t0, 1)
      await until(() => only('abandoned').length > 0, unit)
      expect(only('abandoned')).toMatchObject([{ key: 'a', scheduledTime: t0, kept: null }])
      expect(delivered).toHaveLength(1)
    },
  },
  {
    title: 'sets the newer alarm that abandon returns, with retries of its own',
    async check({ expect, t0, unit, now, write, deliver, until, offTime }) {
      let newer = 0
      const { delivered, only } = deliver(({ scheduledTime }) => (scheduledTime === t0 ? giveUp() : EMPTY), {
        abandon() {
          newer = now() + 2 * unit
          return Promise.resolve(newer)
        },
      })
      await write('a', t0, 1)
      await until(() => delivered.length > 1, 3 * unit)
      expect(only('abandoned')).toMatchObject([{ kept: newer }])
      expect(delivered[1]).toMatchObject({ scheduledTime: newer, retryCount: 0 })
      expect(offTime(delivered[1], newer)).toBe('')
    },
  },
  {
    title: 'asks again, and keeps the alarm until then, when abandon fails',
    needs: ['virtual time'],
    async check({ expect, t0, unit, write, deliver, until, wait }) {
      let asked = 0
      const { delivered, only } = deliver(giveUp, {
        abandon: () => (++asked === 1 ? throwError(() => new Error('the store was away')) : of(null)),
      })
      await write('a', t0, 1)
      await until(() => asked > 1, 1_024_000)
      await wait(unit)
      expect(asked).toBe(2)
      expect(delivered).toHaveLength(1)
      expect(only('abandoned')).toHaveLength(1)
    },
  },
  {
    title: 'lets a write that comes while abandon is asked stand',
    async check({ expect, t0, unit, now, write, deliver, until, offTime }) {
      const answer$ = new Subject<null>()
      let isAsked = false
      const { delivered, only } = deliver(({ fence }) => (fence === 1 ? giveUp() : EMPTY), {
        abandon() {
          isAsked = true
          return answer$
        },
      })
      await write('a', t0, 1)
      await until(() => isAsked, unit)
      const newer = now() + 2 * unit
      await write('a', newer, 2)
      answer$.next(null)
      answer$.complete()
      await until(() => delivered.length > 1, 2 * unit)
      expect(only('abandoned')).toMatchObject([{ kept: newer }])
      expect(delivered[1]).toMatchObject({ fence: 2, retryCount: 0 })
      expect(offTime(delivered[1], newer)).toBe('')
    },
  },
  {
    title: 'does not lose an alarm whose abandon was never answered',
    async check({ expect, t0, unit, write, deliver, until }) {
      let asked = 0
      const first = deliver(giveUp, {
        abandon() {
          asked++
          return NEVER
        },
      })
      await write('a', t0, 1)
      await until(() => asked > 0, unit)
      first.stop()
      const second = deliver(giveUp, {
        abandon() {
          asked++
          return of(null)
        },
      })
      await until(() => second.only('abandoned').length > 0, unit)
      expect(asked).toBe(2)
    },
  },
]
