import { atWork } from './at-work.ts'
import type { Case } from './case.ts'

export const leases: readonly Case[] = [
  {
    title: 'stops a handler that has not answered when its lease ends, and delivers again without counting',
    needs: ['lease'],
    async check({ expect, t0, unit, lease, write, deliver, until, wait }) {
      const work = atWork()
      const { delivered, only } = deliver(work.handler)
      await write('a', t0, 1)
      await until(() => work.calls.length > 0, unit)
      await until(() => work.calls.length > 1, lease)
      expect(work.ended).toEqual(['a'])
      expect(delivered[1]!.at - delivered[0]!.at).toBeGreaterThanOrEqual(lease)
      expect(delivered[1]).toMatchObject({ fence: 1, retryCount: 0 })
      expect(only('expired')).toHaveLength(1)
      work.calls[0]!.done() // too late: it is unsubscribed
      await wait(1)
      expect(only('done')).toEqual([])
      work.calls[1]!.done()
      await until(() => only('done').length > 0, unit)
      await wait(lease + unit)
      expect(delivered).toHaveLength(2)
      expect(work.most()).toBe(1)
    },
  },
  {
    title: 'lets a newer alarm wait for the lease of a handler that never answers',
    needs: ['lease'],
    async check({ expect, t0, unit, lease, write, deliver, until, wait }) {
      const work = atWork()
      const { delivered } = deliver(work.handler)
      await write('a', t0, 1)
      await until(() => work.calls.length > 0, unit)
      await write('a', t0, 2)
      await wait(lease / 2)
      expect(delivered).toHaveLength(1)
      await until(() => delivered.length > 1, lease)
      expect(delivered[1]).toMatchObject({ fence: 2, retryCount: 0 })
      expect(work.most()).toBe(1)
    },
  },
]
