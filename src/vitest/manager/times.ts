import type { Case } from './case.ts'

export const times: readonly Case[] = [
  {
    title: 'is never early',
    async check({ expect, t0, unit, write, deliver, until, offTime }) {
      const { delivered } = deliver()
      const offsets = [0.5, 0.75, 1, 1.001, 1.5, 2, 2.005, 3].map((units) => Math.round(units * unit))
      for (const [i, offset] of offsets.entries()) await write(`k${i}`, t0 + offset, 1)
      await until(() => delivered.length >= offsets.length, 3 * unit)
      expect(delivered).toHaveLength(offsets.length)
      for (const delivery of delivered) expect(offTime(delivery, delivery.scheduledTime)).toBe('')
    },
  },
  {
    title: 'delivers what is past at once',
    async check({ expect, t0, unit, write, deliver, until, wait, keysOf }) {
      await write('long past', 0, 1)
      await write('past', t0 - unit, 1)
      await wait(unit)
      const { delivered, keys } = deliver()
      await until(() => delivered.length > 1, 0)
      expect(keysOf(keys())).toEqual(['long past', 'past'])
      await write('past again', t0, 1)
      await until(() => delivered.length > 2, 0)
      expect(keys()[2]).toBe('past again')
    },
  },
  {
    title: 'takes nothing until it is subscribed',
    async check({ expect, t0, unit, manager, write, deliver, until, wait }) {
      let early = 0
      manager.deliveries(() => {
        early++
        return []
      })
      await write('a', t0, 1)
      await wait(unit)
      expect(early).toBe(0)
      const { delivered } = deliver()
      await until(() => delivered.length > 0, 0)
      expect(delivered).toMatchObject([{ key: 'a', retryCount: 0 }])
    },
  },
  {
    title: 'waits longer than the longest timer, 2^31-1 ms',
    async check({ expect, t0, unit, isVirtual, write, deliver, until, wait, step, offTime }) {
      const { delivered } = deliver()
      await write('a', t0 + 2 ** 31 + 5, 1)
      await wait(3 * unit)
      expect(delivered).toEqual([])
      if (!isVirtual) return
      // Most of the way the clock is stepped, or a manager that looks every second would look two million times.
      step(2 ** 31 - 300_000)
      await wait(120_000)
      expect(delivered).toEqual([])
      await until(() => delivered.length > 0, 300_000)
      expect(offTime(delivered[0], t0 + 2 ** 31 + 5)).toBe('')
    },
  },
  {
    title: 'is not early when the clock steps back',
    needs: ['virtual time'],
    async check({ expect, t0, write, deliver, until, wait, step, offTime }) {
      const { delivered } = deliver()
      await write('a', t0 + 10_000, 1)
      await wait(9_000)
      step(-5_000)
      await wait(5_999)
      expect(delivered).toEqual([])
      await until(() => delivered.length > 0, 1)
      expect(offTime(delivered[0], t0 + 10_000)).toBe('')
    },
  },
]
