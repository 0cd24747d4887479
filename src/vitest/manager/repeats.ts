import { EMPTY, throwError } from 'rxjs'
import type { ExpectStatic } from 'vitest'
import { atWork } from './at-work.ts'
import type { Case } from './case.ts'
import type { Delivered } from './deliveries.ts'

const no = new Error('the handler fails, as its test wants')

/** A write may be sent twice and arrive late; and the opening of an actor writes its alarm once more, under a fence of its own. */
export const repeats: readonly Case[] = [
  {
    title: 'applies the fence that it holds again, which changes nothing',
    async check({ expect, t0, unit, write, deliver, until, wait, offTime }) {
      for (let times = 0; times < 3; times++) expect(await write('a', t0 + unit, 1)).toBe('done')
      const { delivered } = deliver()
      await until(() => delivered.length > 0, unit)
      expect(offTime(delivered[0], t0 + unit)).toBe('')
      await wait(unit)
      expect(delivered).toHaveLength(1)
    },
  },
  {
    title: 'does not revive an alarm that is done, given up or removed',
    async check({ expect, t0, unit, write, deliver, until, wait, keysOf }) {
      const { delivered, keys, only } = deliver(({ key }) =>
        key === 'given up' ? throwError(() => ({ retry: false })) : EMPTY,
      )
      await write('removed', t0 + 2 * unit, 1)
      await write('removed', null, 2)
      for (const key of ['done', 'given up']) await write(key, t0, 1)
      await until(() => only('done').length > 0 && only('abandoned').length > 0, unit)
      for (const key of ['done', 'given up']) expect(await write(key, t0, 1)).toBe('done')
      expect(await write('removed', t0 + 2 * unit, 1)).toMatchObject({ code: 'ALARM_FENCED' })
      expect(await write('removed', null, 2)).toBe('done')
      await wait(3 * unit)
      expect(keysOf(keys())).toEqual(['done', 'given up'])
      // A newer write of the very same time is another alarm.
      await write('done', t0, 2)
      await until(() => delivered.length > 2, unit)
      expect(delivered.slice(2)).toMatchObject([{ key: 'done', fence: 2, retryCount: 0 }])
    },
  },
  {
    title: 'sets an alarm written with move: same where it holds another time, or none',
    async check({ expect, t0, unit, write, deliver, until, offTime }) {
      const { delivered, only } = deliver()
      await write('none', t0, 1)
      await until(() => only('done').length > 0, unit)
      await write('none', t0, 2, 'same')
      await until(() => delivered.length > 1, unit)
      expect(delivered[1]).toMatchObject({ key: 'none', scheduledTime: t0, fence: 2 })
      await write('another', t0 + 20 * unit, 1)
      await write('another', t0 + 4 * unit, 2, 'same')
      await until(() => delivered.length > 2, 4 * unit)
      expect(delivered[2]).toMatchObject({ key: 'another', fence: 2 })
      expect(offTime(delivered[2], t0 + 4 * unit)).toBe('')
    },
  },
  {
    title: 'keeps the failures and the back-off of an alarm whose write arrives again',
    async check({ expect, t0, unit, write, deliver, until }) {
      const { delivered, only } = deliver(() => throwError(() => no))
      await write('a', t0, 1)
      await until(() => only('failed').length > 0, unit)
      expect(await write('a', t0, 1)).toBe('done')
      await until(() => delivered.length > 1, 2_500)
      expect(delivered[1]).toMatchObject({ fence: 1, retryCount: 1 })
      expect(delivered[1]!.at - delivered[0]!.at).toBeGreaterThanOrEqual(2_000)
    },
  },
  {
    title:
      'keeps the failures and the back-off of an alarm written once more under a higher fence: move: same',
    async check({ expect, t0, unit, write, deliver, until }) {
      const { delivered, only } = deliver(() => throwError(() => no))
      await write('a', t0, 1)
      await until(() => only('failed').length > 0, unit)
      expect(await write('a', t0, 2, 'same')).toBe('done')
      expect(await write('a', t0, 1)).toMatchObject({ code: 'ALARM_FENCED' })
      await until(() => delivered.length > 1, 2_500)
      expect(delivered[1]).toMatchObject({ fence: 2, retryCount: 1 })
      expect(delivered[1]!.at - delivered[0]!.at).toBeGreaterThanOrEqual(2_000)
    },
  },
  {
    title: 'counts the failure of a handler whose actor opened for it, and wrote its alarm once more',
    async check({ expect, t0, unit, write, deliver, until }) {
      const work = atWork()
      const { delivered, only } = deliver(work.handler)
      await write('a', t0, 1)
      await until(() => work.calls.length > 0, unit)
      await write('a', t0, 2, 'same')
      work.calls[0]?.fail(no)
      await until(() => delivered.length > 1, unit + 2_500)
      expect(only('failed')).toMatchObject([{ counted: true, retryAt: expect.any(Number) }])
      expect(delivered[1]).toMatchObject({ fence: 2, retryCount: 1 })
      expect(delivered[1]!.at - delivered[0]!.at).toBeGreaterThanOrEqual(2_000)
    },
  },
  {
    title:
      'takes the very same time, set again in the back-off, for another alarm: at its own time, with retries of its own',
    async check({ expect, t0, unit, now, write, deliver, until }) {
      const { delivered, only } = deliver(({ fence }) => (fence === 1 ? throwError(() => no) : EMPTY))
      await write('a', t0, 1)
      await until(() => only('failed').length > 0, unit)
      const asked = now()
      await write('a', t0, 2, 'earlier')
      await until(() => delivered.length > 1, 3_000)
      expect(delivered[1]).toMatchObject({ scheduledTime: t0, fence: 2, retryCount: 0 })
      expect(delivered[1]!.at - asked).toBeLessThan(2_000)
      isAnother(expect, delivered)
    },
  },
  {
    title:
      'takes the very same time, set again by a handler that fails for good, for another alarm: it is not given up',
    async check({ expect, t0, unit, write, deliver, until }) {
      const work = atWork()
      const { delivered, only } = deliver(work.handler)
      await write('a', t0, 1)
      await until(() => work.calls.length > 0, unit)
      await write('a', t0, 2, 'earlier')
      work.calls[0]?.fail({ retry: false })
      await until(() => delivered.length > 1, unit + 2_500)
      expect(delivered[1]).toMatchObject({ scheduledTime: t0, fence: 2, retryCount: 0 })
      expect(only('abandoned')).toEqual([])
      isAnother(expect, delivered)
    },
  },
  {
    title:
      'tells by the id which alarm it is, if it delivers one: the same on a retry, and under a higher fence',
    async check({ expect, t0, unit, write, deliver, until }) {
      const { delivered, only } = deliver(() => throwError(() => no))
      await write('a', t0, 1)
      await until(() => only('failed').length > 0, unit)
      await write('a', t0, 2, 'same')
      await until(() => delivered.length > 1, 2_500)
      expect(delivered[1]!.id).toBe(delivered[0]!.id)
      expect(['string', 'undefined']).toContain(typeof delivered[0]!.id)
    },
  },
]

function isAnother(expect: ExpectStatic, [first, second]: readonly Delivered[]): void {
  if (first?.id !== undefined) expect(second?.id).not.toBe(first.id)
}
