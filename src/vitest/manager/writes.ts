import { expect as always } from 'vitest'
import type { Case } from './case.ts'
import type { Rig } from './rig.ts'

const stale = always.objectContaining({ code: 'ALARM_FENCED' })
const HIGHEST = Number.MAX_SAFE_INTEGER // 31 bits of epoch above 22 of sequence

export const writes: readonly Case[] = [
  {
    title: 'has the alarm when a write completes, and delivers it with its fence',
    async check({ expect, t0, unit, write, deliver, until, offTime }) {
      expect(await write('a', t0 + unit, 3)).toBe('done')
      const { delivered } = deliver()
      await until(() => delivered.length > 0, unit)
      expect(delivered).toMatchObject([{ key: 'a', scheduledTime: t0 + unit, fence: 3, retryCount: 0 }])
      expect(offTime(delivered[0], t0 + unit)).toBe('')
    },
  },
  {
    title: 'refuses a write below the fence that it holds with ALARM_FENCED, and changes nothing',
    async check({ expect, t0, unit, write, deliver, until, wait, offTime }) {
      await write('a', t0 + 3 * unit, 7)
      expect(await write('a', t0 + unit, 6)).toEqual(stale)
      expect(await write('a', null, 6)).toEqual(stale)
      expect(await write('b', t0 + 3 * unit, 6)).toBe('done') // each key has its own
      const { delivered, keys } = deliver()
      await until(() => delivered.length > 1, 3 * unit)
      await wait(unit)
      expect(keys().sort()).toEqual(['a', 'b'])
      const a = delivered.find(({ key }) => key === 'a')
      expect(a).toMatchObject({ fence: 7 })
      expect(offTime(a, t0 + 3 * unit)).toBe('')
    },
  },
  {
    title: 'tells fences apart up to 2^53, however far one is above the last',
    async check({ expect, t0, unit, write, deliver, until }) {
      let held = 1
      await write('a', t0 + unit, held)
      // Where 32 bits, signed or not, or a float of half the size come to their end; then epochs that were raised, and the last ones.
      for (const far of [2 ** 24, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 52, HIGHEST - 1]) {
        expect(await write('a', t0 + unit, far), `${far} above ${held}`).toBe('done')
        expect(await write('a', t0 + unit, far + 1), `${far + 1} above ${far}`).toBe('done')
        expect(await write('a', null, far), `${far} below ${far + 1}`).toEqual(stale)
        expect(await write('a', null, held), `${held} below ${far + 1}`).toEqual(stale)
        held = far + 1
      }
      const { delivered } = deliver()
      await until(() => delivered.length > 0, unit)
      expect(delivered).toMatchObject([{ key: 'a', fence: HIGHEST }])
    },
  },
  {
    title: 'keeps the fence of a removal, also where no alarm was',
    async check({ expect, t0, unit, write, deliver, until, wait, keysOf }) {
      await write('a', t0 + unit, 1)
      for (const key of ['a', 'b']) {
        expect(await write(key, null, 3)).toBe('done')
        expect(await write(key, t0 + unit, 2)).toEqual(stale)
      }
      const { delivered, keys } = deliver()
      await wait(3 * unit)
      expect(delivered).toEqual([])
      for (const key of ['a', 'b']) expect(await write(key, t0 + 4 * unit, 3)).toBe('done')
      await until(() => delivered.length > 1, 4 * unit)
      expect(keysOf(keys())).toEqual(['a', 'b'])
    },
  },
  {
    title: 'keeps the fence of an alarm that was delivered',
    async check({ expect, t0, unit, write, deliver, until, wait }) {
      await write('a', t0, 5)
      const { delivered, only } = deliver()
      await until(() => only('done').length > 0, unit)
      expect(await write('a', t0, 4)).toEqual(stale)
      await wait(unit)
      expect(delivered).toHaveLength(1)
    },
  },
  {
    title: 'replaces the one alarm of a key: earlier, later, removed',
    async check({ expect, t0, unit, write, deliver, until, wait, offTime, keysOf }) {
      for (const key of ['a', 'b', 'c']) await write(key, t0 + 3 * unit, 1)
      const { delivered, keys } = deliver()
      await write('a', t0 + 2 * unit, 2, 'earlier')
      await write('b', t0 + 4 * unit, 2)
      await write('c', null, 2)
      await until(() => delivered.length > 1, 4 * unit)
      await wait(unit)
      expect(keysOf(keys())).toEqual(['a', 'b'])
      expect(offTime(delivered[0], t0 + 2 * unit)).toBe('')
      expect(offTime(delivered[1], t0 + 4 * unit)).toBe('')
    },
  },
  {
    title: 'takes all writes of one turn, and refuses only the stale one among them',
    async check(rig) {
      const { expect, t0, unit, write, deliver, until } = rig
      await write('k7', t0 + unit, 9)
      const all = await writeAll(rig, 50, t0 + unit)
      expect(all.filter((outcome) => outcome !== 'done')).toEqual([stale])
      const { delivered, keys } = deliver()
      await until(() => delivered.length > 49, 2 * unit)
      expect(new Set(keys()).size).toBe(50)
    },
  },
  {
    title: 'tells apart keys that look alike',
    async check({ expect, t0, unit, write, deliver, until, keysOf }) {
      const alike = ['', ' ', 'a', 'A', 'a ', 'é', 'e\u0301', "';--", '日本', '😀']
      for (const key of alike) await write(key, t0 + unit, 1)
      const { delivered, keys } = deliver()
      await until(() => delivered.length >= alike.length, unit)
      expect(keysOf(keys())).toEqual(keysOf(alike))
    },
  },
]

const writeAll = ({ write }: Rig, count: number, time: number): Promise<unknown[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => write(`k${i}`, time, 1)))
