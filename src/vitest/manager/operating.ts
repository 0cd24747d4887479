import { EMPTY, of, throwError } from 'rxjs'
import type { AlarmDelivery } from '../../index.ts'
import { atWork } from './at-work.ts'
import type { Case } from './case.ts'

const FAR = 3_600_000
const keysOf = (delivered: readonly AlarmDelivery[]): string[] => delivered.map(({ key }) => key).sort()

/** An operator loses nothing: what is held is delivered when it may be. */
export const operating: readonly Case[] = [
  {
    title: 'says which deliveries have a lease, and until when',
    needs: ['list', 'operate'],
    async check({ expect, t0, unit, now, write, deliver, until, list, stats }) {
      const work = atWork()
      const { delivered } = deliver(work.handler)
      await write('a', t0, 1)
      await write('b', t0 + FAR, 1)
      await until(() => delivered.length > 0, unit)
      const [a, b] = await list()
      expect(a?.lease?.until).toBeGreaterThan(now())
      expect(b?.lease).toBeNull()
      const { deliverers } = await stats()
      expect(deliverers.map(({ holder }) => holder)).toContain(a?.lease?.holder)
    },
  },
  {
    title: 'keeps the first lines of the stack, and since when it has failed',
    needs: ['list'],
    async check({ expect, t0, unit, write, deliver, until, list }) {
      const error = new Error('no')
      error.stack = `Error: no\n${'    at somewhere (file.js:1:1)\n'.repeat(10_000)}`
      const { only } = deliver(() => throwError(() => error))
      await write('a', t0, 1)
      await until(() => only('failed').length > 0, unit)
      const first = (await list())[0]!.lastError!
      if (first.stack === undefined) return // it may keep none
      expect(first.stack.startsWith('at somewhere')).toBe(true)
      expect(new TextEncoder().encode(JSON.stringify(first)).length).toBeLessThanOrEqual(4_096)
      expect(first.since).toBe(first.at)
      await until(() => only('failed').length > 1, 10_000)
      const second = (await list())[0]!.lastError!
      expect(second.since).toBe(first.at)
      expect(second.at).toBeGreaterThan(first.at)
    },
  },
  {
    title: 'does not deliver what is paused, by its key or the beginning of it, until it is resumed',
    needs: ['list', 'operate'],
    async check({ expect, t0, unit, write, deliver, until, wait, list, pause, resume, stats }) {
      expect(await pause({ key: 'ab' })).toBe(true)
      expect(await pause({ prefix: 'x' })).toBe(true)
      expect(await pause({ prefix: 'x' })).toBe(false)
      const { delivered } = deliver()
      for (const key of ['a', 'ab', 'abc', 'x', 'xyz']) await write(key, t0, 1)
      await until(() => delivered.length > 1, unit)
      await wait(unit)
      expect(keysOf(delivered)).toEqual(['a', 'abc'])
      const held = await list()
      expect(held.map(({ key, state, paused }) => [key, state, paused]).sort()).toEqual([
        ['ab', 'due', true],
        ['x', 'due', true],
        ['xyz', 'due', true],
      ])
      const { counts, oldest, paused } = await stats()
      expect(counts.due).toBe(3)
      expect(oldest?.overdue).toBeGreaterThan(0)
      expect(paused).toEqual([{ key: 'ab' }, { prefix: 'x' }])
      expect(await resume({ key: 'x' })).toBe(false)
      expect(await resume({ prefix: 'x' })).toBe(true)
      await until(() => delivered.length > 3, unit)
      await wait(unit)
      expect(keysOf(delivered)).toEqual(['a', 'abc', 'x', 'xyz'])
      expect(await resume()).toBe(true)
      await until(() => delivered.length > 4, unit)
      expect(keysOf(delivered)).toEqual(['a', 'ab', 'abc', 'x', 'xyz'])
      expect(await resume()).toBe(false)
      expect((await stats()).paused).toEqual([])
    },
  },
  {
    title: 'pauses all, those that have been written and those that will be, and changes none',
    needs: ['list', 'operate'],
    async check({ expect, t0, unit, write, deliver, until, wait, list, pause, resume }) {
      const { delivered } = deliver()
      expect(await pause()).toBe(true)
      await write('set again', t0, 1)
      await write('deleted', t0, 1)
      await write('again the same', t0, 1)
      await write('later', t0 + FAR, 1)
      await wait(unit)
      await write('set again', t0 + 1, 2)
      await write('deleted', null, 2)
      await write('again the same', t0, 2, 'same')
      expect(await write('set again', t0, 1)).toMatchObject({ code: 'ALARM_FENCED' })
      await wait(unit)
      expect(delivered).toEqual([])
      expect((await list()).map(({ key, time }) => [key, time]).sort()).toEqual([
        ['again the same', t0],
        ['later', t0 + FAR],
        ['set again', t0 + 1],
      ])
      await resume()
      await until(() => delivered.length > 1, unit)
      expect(delivered.map(({ key, fence }) => [key, fence]).sort()).toEqual([
        ['again the same', 2],
        ['set again', 2],
      ])
    },
  },
  {
    title: 'goes on with a handler at work that is paused, and with its retry when it is resumed',
    needs: ['operate'],
    async check({ expect, t0, unit, write, deliver, until, wait, pause, resume }) {
      const { delivered, only } = deliver(({ retryCount }) =>
        retryCount === 0 ? throwError(() => new Error('no')) : EMPTY,
      )
      await write('a', t0, 1)
      await until(() => only('failed').length > 0, unit)
      await pause({ key: 'a' })
      await wait(2_600)
      expect(delivered).toHaveLength(1)
      await resume({ key: 'a' })
      await until(() => only('done').length > 0, unit)
      expect(delivered.map(({ retryCount }) => retryCount)).toEqual([0, 1])
    },
  },
  {
    title: 'is paused still after a restart',
    needs: ['operate', 'reopen'],
    async check({ expect, t0, unit, write, deliver, wait, pause, reopen }) {
      const first = deliver()
      await pause({ prefix: 'a' })
      await write('a', t0, 1)
      await wait(unit)
      first.stop()
      const again = await reopen()
      const second = again.deliver()
      await again.write('ab', t0, 1)
      await again.wait(unit)
      expect([...first.delivered, ...second.delivered]).toEqual([])
      expect(await again.resume({ prefix: 'a' })).toBe(true)
      await again.until(() => second.delivered.length > 1, unit)
      expect(keysOf(second.delivered)).toEqual(['a', 'ab'])
    },
  },
  {
    title:
      'delivers a failed alarm again at the time it is given, never before its own, and under its fence only',
    needs: ['list', 'operate'],
    async check({ expect, t0, unit, write, deliver, until, list, reschedule }) {
      let fails = true
      const { delivered, only } = deliver(() => (fails ? throwError(() => ({ retry: false })) : of(1)))
      await write('a', t0, 3)
      await write('b', t0 + FAR, 3)
      await until(() => only('given-up').length > 0, unit)
      fails = false
      const at = t0 + 4 * unit
      expect(await reschedule('a', at, 2)).toBe(false)
      expect(await reschedule('b', at)).toBe(false)
      expect(await reschedule('none', at)).toBe(false)
      expect(await reschedule('a', at, 3)).toBe(true)
      expect((await list())[0]).toMatchObject({ key: 'a', time: t0, due: at, state: 'pending', failures: 0 })
      expect(await write('a', t0, 4, 'same')).toBe('done')
      await until(() => only('done').length > 0, 5 * unit)
      expect(delivered.map(({ key, scheduledTime }) => [key, scheduledTime])).toEqual([
        ['a', t0],
        ['a', t0],
      ])
      expect(only('done')[0]!.at).toBeGreaterThanOrEqual(at)
    },
  },
  {
    title:
      'reschedules once more what was rescheduled to the wrong time, or retries it, under its fence only',
    needs: ['list', 'operate'],
    async check({ expect, t0, unit, write, deliver, until, list, retry, reschedule, discard }) {
      let fails = true
      const { only } = deliver(() => (fails ? throwError(() => ({ retry: false })) : of(1)))
      await write('a', t0, 3)
      await write('b', t0, 3)
      await until(() => only('given-up').length > 1, unit)
      fails = false
      expect(await reschedule('a', t0 + FAR, 3)).toBe(true)
      expect(await reschedule('b', t0 + FAR, 3)).toBe(true)
      expect(await write('a', t0, 4, 'same')).toBe('done')
      expect(await discard('a', 4)).toBe(false)
      expect(await retry('a', 3)).toBe(false)
      expect(await list()).toMatchObject([{ due: t0 + FAR }, { due: t0 + FAR }])
      expect(await reschedule('a', t0 + 2 * FAR, 4)).toBe(true)
      expect(await list()).toMatchObject([
        { key: 'b', due: t0 + FAR },
        { key: 'a', due: t0 + 2 * FAR, state: 'pending' },
      ])
      expect(await retry('a', 4)).toBe(true)
      expect(await retry('b')).toBe(true)
      await until(() => only('done').length > 1, 5 * unit)
      expect(await retry('a')).toBe(false)
    },
  },
  {
    title: 'delivers a failed alarm at its own time, where it is rescheduled before that',
    needs: ['list', 'operate'],
    async check({ expect, t0, unit, write, deliver, until, list, reschedule, drain }) {
      const { only } = deliver(() => throwError(() => ({ retry: false })))
      await write('a', t0, 1)
      await until(() => only('given-up').length > 0, unit)
      await drain() // and not only stopped: a look that is under way would take it
      expect(await reschedule('a', t0 - 5)).toBe(true)
      expect(await list()).toMatchObject([{ key: 'a', time: t0, due: t0 }])
    },
  },
  {
    title: 'takes nothing more when it is drained, waits for the handlers at work, and completes',
    needs: ['operate'],
    async check({ expect, t0, unit, write, deliver, until, wait, drain }) {
      const work = atWork()
      const first = deliver(work.handler)
      await write('a', t0, 1)
      await until(() => first.delivered.length > 0, unit)
      let isDrained = false
      const drained = drain().then(() => {
        isDrained = true
      })
      await write('b', t0, 1)
      await wait(unit)
      expect(isDrained).toBe(false)
      expect(first.outcome()).toBe('alive')
      work.calls[0]!.done()
      await until(() => isDrained, unit)
      await drained
      expect(first.outcome()).toBe('complete')
      expect(first.only('done').map(({ key }) => key)).toEqual(['a'])
      expect(keysOf(first.delivered)).toEqual(['a'])
      const second = deliver()
      await until(() => second.delivered.length > 0, unit)
      expect(keysOf(second.delivered)).toEqual(['b'])
    },
  },
  {
    title: 'counts what is held, and what was done in the last minute',
    needs: ['operate'],
    async check({ expect, t0, unit, write, deliver, until, wait, stats }) {
      const before = await stats()
      expect(before.counts).toEqual({ pending: 0, due: 0, delivering: 0, 'backing-off': 0, failed: 0 })
      expect(before).toMatchObject({ oldest: null, fires: 0, failures: 0, deliverers: [] })
      expect(before.lateness).toEqual({ p50: null, p99: null, max: null })
      await write('old', t0, 1)
      await write('older', t0 - 1, 1)
      await write('pending', t0 + FAR, 1)
      await write('removed', t0, 1)
      await write('removed', null, 2)
      await wait(unit)
      const waiting = await stats()
      expect(waiting.counts).toMatchObject({ pending: 1, due: 2 })
      expect(waiting.oldest?.key).toBe('older')
      expect(waiting.oldest?.overdue).toBeGreaterThanOrEqual(unit)
      const work = atWork()
      const { only, stop } = deliver((delivery) => {
        if (delivery.key === 'delivering') return work.handler(delivery)
        if (delivery.key === 'done') return EMPTY
        return throwError(() => ({ retry: delivery.key === 'old' }))
      })
      await write('delivering', t0, 1)
      await write('done', t0, 1)
      await until(() => only('done').length + only('failed').length > 2, unit)
      await until(() => only('given-up').length > 0, unit)
      await wait(1_100) // it is said once a second
      await write('another', t0, 1)
      await until(() => only('given-up').length > 1, unit)
      const after = await stats()
      expect(after.counts).toMatchObject({ pending: 1, delivering: 1, failed: 2 })
      expect(after.counts['backing-off'] + after.counts.due).toBe(1)
      expect(after.deliverers).toHaveLength(1)
      await wait(1_100)
      await write('done', t0, 2)
      await until(() => only('done').length > 1, unit)
      const { fires, failures, lateness } = await stats()
      expect(fires).toBeGreaterThanOrEqual(5 / 60)
      expect(failures).toBeGreaterThanOrEqual(3 / 60)
      expect(lateness.max).toBeGreaterThanOrEqual(unit)
      expect(lateness.p50).toBeLessThanOrEqual(lateness.p99 as number)
      stop()
      await wait(unit)
      const ended = await stats()
      expect(ended.deliverers).toEqual([])
      expect(ended.fires).toBeGreaterThanOrEqual(fires)
      expect(ended.failures).toBeGreaterThanOrEqual(failures)
      expect(ended.lateness.max).toBeGreaterThanOrEqual(unit)
    },
  },
]
