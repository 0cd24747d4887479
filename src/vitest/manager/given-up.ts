import { EMPTY, type Observable, of, throwError } from 'rxjs'
import type { AlarmDelivery } from '../../index.ts'
import type { Case } from './case.ts'

const hopeless = (): Observable<never> =>
  throwError(() => Object.assign(new RangeError('the handler fails for good'), { retry: false }))

/** Fails the first alarm of a key. */
const firstFails = ({ fence }: AlarmDelivery): Observable<never> => (fence === 1 ? hopeless() : EMPTY)

/** Without `abandon` nothing says that the store has let go of it: a manager that forgot it would be later than the store. */
export const givenUp: readonly Case[] = [
  {
    title: 'delivers no more what it gave up without an abandon, and emits given-up with the last error',
    async check({ expect, t0, unit, now, write, deliver, until, wait }) {
      const first = deliver(hopeless)
      await write('a', t0, 1)
      await until(() => first.only('given-up').length > 0, unit)
      expect(first.only('given-up')).toMatchObject([
        { key: 'a', scheduledTime: t0, fence: 1, lastError: { name: 'RangeError' } },
      ])
      const { message, at } = first.only('given-up')[0]!.lastError!
      expect(message).toBe('the handler fails for good')
      expect(Math.abs(at - now())).toBeLessThan(60_000)
      expect(first.only('abandoned')).toEqual([])
      first.stop()
      const second = deliver(() => EMPTY, { abandon: () => of(null) })
      await wait(2_600)
      expect([...first.delivered, ...second.delivered]).toHaveLength(1)
      expect(second.events).toEqual([])
    },
  },
  {
    title: 'still holds it: the very alarm written once more is no new one',
    async check({ expect, t0, unit, write, deliver, until, wait }) {
      const { delivered, only } = deliver(firstFails)
      await write('a', t0, 1)
      await until(() => only('given-up').length > 0, unit)
      expect(await write('a', t0, 1)).toBe('done')
      expect(await write('a', t0, 2, 'same')).toBe('done')
      expect(await write('a', t0, 1)).toMatchObject({ code: 'ALARM_FENCED' })
      await wait(2_600)
      expect(delivered).toHaveLength(1)
    },
  },
  {
    title: 'delivers a newer alarm in its place, with retries of its own',
    async check({ expect, t0, unit, write, deliver, until }) {
      const { delivered, only } = deliver(firstFails)
      for (const key of ['same time', 'another']) await write(key, t0, 1)
      await until(() => only('given-up').length > 1, unit)
      await write('same time', t0, 2)
      await write('another', t0 + 1, 2)
      await until(() => delivered.length > 3, unit)
      const newer = delivered.slice(2).sort((a, b) => (a.key < b.key ? 1 : -1))
      expect(newer).toMatchObject([
        { key: 'same time', scheduledTime: t0, fence: 2, retryCount: 0 },
        { key: 'another', scheduledTime: t0 + 1, fence: 2, retryCount: 0 },
      ])
    },
  },
  {
    title: 'keeps it as failed when the alarm was written once more during its last run',
    async check({ expect, t0, unit, write, deliver, until, wait }) {
      const { delivered, only } = deliver(({ fence }) =>
        fence > 1
          ? EMPTY
          : throwError(() => {
              void write('a', t0, 2, 'same')
              return { retry: false }
            }),
      )
      await write('a', t0, 1)
      await until(() => only('given-up').length > 0, unit)
      await wait(2_600)
      expect(delivered).toHaveLength(1)
    },
  },
  {
    title: 'still holds it after a restart',
    needs: ['reopen'],
    async check({ expect, t0, unit, write, deliver, until, reopen }) {
      const first = deliver(hopeless)
      await write('a', t0, 1)
      await until(() => first.only('given-up').length > 0, unit)
      first.stop()
      const again = await reopen()
      const { delivered } = again.deliver()
      expect(await again.write('a', t0, 2, 'same')).toBe('done')
      await again.wait(2_600)
      expect(delivered).toEqual([])
      await again.write('a', t0, 3)
      await again.until(() => delivered.length > 0, unit)
      expect(delivered).toMatchObject([{ fence: 3, retryCount: 0 }])
    },
  },
  {
    title: 'delivers it again when it is retried, under its fence only, with all its retries',
    needs: ['list'],
    async check({ expect, t0, unit, write, deliver, until, retry, list }) {
      let fails = true
      const { delivered, only } = deliver(() => (fails ? hopeless() : EMPTY))
      await write('a', t0, 3)
      await until(() => only('given-up').length > 0, unit)
      expect(await retry('a', 2)).toBe(false)
      expect(await retry('none')).toBe(false)
      expect(await retry('a', 3)).toBe(true)
      await until(() => only('given-up').length > 1, unit)
      fails = false
      expect(await retry('a')).toBe(true)
      await until(() => only('done').length > 0, unit)
      expect(delivered.map(({ fence, retryCount }) => [fence, retryCount])).toEqual([
        [3, 0],
        [3, 0],
        [3, 0],
      ])
      expect(await retry('a')).toBe(false)
      expect(await list()).toEqual([])
    },
  },
  {
    title: 'removes it when it is discarded, under its fence only, and keeps the fence',
    needs: ['list'],
    async check({ expect, t0, unit, write, deliver, until, wait, discard, list }) {
      const { delivered, only } = deliver(firstFails)
      await write('a', t0, 1)
      await write('b', t0 + 3_600_000, 1)
      await until(() => only('given-up').length > 0, unit)
      expect(await discard('a', 2)).toBe(false)
      expect(await discard('b')).toBe(false)
      expect(await discard('a', 1)).toBe(true)
      expect(await discard('a')).toBe(false)
      expect((await list()).map(({ key }) => key)).toEqual(['b'])
      expect(await write('a', t0, 0)).toMatchObject({ code: 'ALARM_FENCED' })
      expect(await write('a', t0, 1)).toBe('done')
      await wait(unit)
      expect(delivered).toHaveLength(1)
      await write('a', t0, 2)
      await until(() => delivered.length > 1, unit)
      expect(delivered[1]).toMatchObject({ fence: 2, retryCount: 0 })
    },
  },
]
