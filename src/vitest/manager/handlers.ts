import { Observable } from 'rxjs'
import { atWork } from './at-work.ts'
import type { Case } from './case.ts'

export const handlers: readonly Case[] = [
  {
    title: 'delivers once what its handler answers, in any form',
    async check({ expect, t0, unit, write, deliver, until, wait }) {
      const answers = [
        () => Promise.resolve(1),
        () => [1, 2],
        () => [],
        () => new Observable<never>((s) => s.complete()),
      ]
      for (const [i] of answers.entries()) await write(`${i}`, t0, 1)
      const { delivered, only } = deliver(({ key }) => answers[Number(key)]!())
      await until(() => only('done').length >= answers.length, unit)
      await wait(3 * unit)
      expect(delivered).toHaveLength(answers.length)
    },
  },
  {
    title: 'runs no more handlers at a time than `concurrency`, and all in the end',
    async check({ expect, t0, unit, write, deliver, until }) {
      for (let i = 0; i < 5; i++) await write(`k${i}`, t0, 1)
      const work = atWork()
      const { keys } = deliver(work.handler, { concurrency: 2 })
      for (let i = 0; i < 5; i++) {
        await until(() => work.calls.length > Math.min(i + 1, 4), unit)
        work.calls[i]?.done()
      }
      await until(() => keys().length > 4, unit)
      expect(new Set(keys()).size).toBe(5)
      expect(work.most()).toBe(2)
    },
  },
  {
    title: 'delivers an alarm that was set during its handler, at its own time: done is guarded by the fence',
    async check({ expect, t0, unit, write, deliver, until, offTime }) {
      const work = atWork()
      const { delivered } = deliver(work.handler)
      await write('a', t0, 1)
      await until(() => work.calls.length > 0, unit)
      await write('a', t0 + 3 * unit, 2)
      work.calls[0]?.done()
      await until(() => delivered.length > 1, 3 * unit)
      expect(delivered[1]).toMatchObject({ fence: 2, retryCount: 0 })
      expect(offTime(delivered[1], t0 + 3 * unit)).toBe('')
    },
  },
  {
    title: 'delivers one alarm of a key at a time',
    async check({ expect, t0, unit, write, deliver, until, wait }) {
      const work = atWork()
      deliver(work.handler)
      await write('a', t0, 1)
      await until(() => work.calls.length > 0, unit)
      await write('a', t0, 2)
      await wait(unit)
      expect(work.calls).toHaveLength(1)
      work.calls[0]?.done()
      await until(() => work.calls.length > 1, unit)
      expect(work.calls).toHaveLength(2)
      expect(work.most()).toBe(1)
    },
  },
  {
    title: 'delivers again an alarm that its handler set to the very same time',
    async check({ expect, t0, unit, write, deliver, until }) {
      const work = atWork()
      const { delivered } = deliver(work.handler)
      await write('a', t0, 1)
      await until(() => work.calls.length > 0, unit)
      await write('a', t0, 2, 'same')
      work.calls[0]?.done()
      await until(() => delivered.length > 1, unit)
      expect(delivered[1]).toMatchObject({ scheduledTime: t0, fence: 2, retryCount: 0 })
    },
  },
  {
    title: 'keeps a removal that comes while the handler runs, also when it fails',
    async check({ expect, t0, unit, write, deliver, until, wait }) {
      const work = atWork()
      const { delivered } = deliver(work.handler)
      await write('a', t0, 1)
      await until(() => work.calls.length > 0, unit)
      await write('a', null, 2)
      work.calls[0]?.fail(new Error('no'))
      await wait(2_600)
      expect(delivered).toHaveLength(1)
    },
  },
  {
    title: 'stops its handlers and gives their alarms back when it is unsubscribed',
    async check({ expect, t0, unit, write, deliver, until, wait, keysOf }) {
      const work = atWork()
      const first = deliver(work.handler)
      for (const key of ['a', 'b']) await write(key, t0, 1)
      await until(() => work.calls.length > 1, unit)
      first.stop()
      expect(keysOf(work.ended)).toEqual(['a', 'b'])
      const second = deliver()
      await until(() => second.delivered.length > 1, unit)
      expect(keysOf(second.keys())).toEqual(['a', 'b'])
      expect(second.delivered.map(({ retryCount }) => retryCount)).toEqual([0, 0])
      await wait(unit)
      expect(first.delivered).toHaveLength(2)
    },
  },
]
