import { throwError } from 'rxjs'
import { atWork } from './at-work.ts'
import type { Case } from './case.ts'

const no = new Error('the handler fails, as its test wants')

export const restarts: readonly Case[] = [
  {
    title: 'still has its alarms and its fences after a restart, those of removals too',
    needs: ['reopen'],
    async check({ expect, t0, unit, write, reopen }) {
      await write('waiting', t0 + 2 * unit, 4)
      await write('removed', null, 5)
      const again = await reopen()
      for (const [key, fence] of [
        ['waiting', 3],
        ['removed', 4],
      ] as const)
        expect(await again.write(key, t0, fence)).toMatchObject({ code: 'ALARM_FENCED' })
      const { delivered } = again.deliver()
      await again.until(() => delivered.length > 0, 2 * unit)
      await again.wait(unit)
      expect(delivered).toMatchObject([{ key: 'waiting', fence: 4, scheduledTime: t0 + 2 * unit }])
      expect(again.offTime(delivered[0], t0 + 2 * unit)).toBe('')
    },
  },
  {
    title: 'still has the failures and the back-off after a restart',
    needs: ['reopen'],
    async check({ expect, t0, unit, write, deliver, until, reopen }) {
      await write('a', t0, 1)
      const first = deliver(() => throwError(() => no))
      await until(() => first.only('failed').length > 0, unit)
      const failedAt = first.delivered[0]!.at
      first.stop()
      const again = await reopen()
      const { delivered } = again.deliver()
      await again.until(() => delivered.length > 0, 2_500)
      expect(delivered).toMatchObject([{ key: 'a', fence: 1, retryCount: 1 }])
      expect(delivered[0]!.at - failedAt).toBeGreaterThanOrEqual(2_000)
    },
  },
  {
    title: 'shares its alarms with another process, each delivered to one of them',
    needs: ['another'],
    async check(rig) {
      const { expect, t0, unit, write, deliver, until, another, keysOf } = rig
      const other = await another()
      const [work, theirs] = [atWork(), atWork()]
      const both = [deliver(work.handler), other.deliver(theirs.handler)]
      const keys = () => keysOf(both.flatMap((deliveries) => deliveries.keys()))
      await write('a', t0 + unit, 1)
      await other.write('b', t0 + unit, 1)
      await until(() => keys().length > 1, 2 * unit)
      await rig.wait(2 * unit)
      expect(keys()).toEqual(['a', 'b'])
    },
  },
  {
    title: 'refuses what is stale for another process too',
    needs: ['another'],
    async check({ expect, t0, unit, write, another }) {
      const other = await another()
      await write('a', t0 + unit, 2)
      expect(await other.write('a', t0, 1)).toMatchObject({ code: 'ALARM_FENCED' })
      expect(await other.write('a', null, 3)).toBe('done')
      expect(await write('a', t0, 2)).toMatchObject({ code: 'ALARM_FENCED' })
    },
  },
]
