import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Contender } from '../../bench/manager/contender.ts'
import { fill, type Plan } from '../../bench/manager/measure.ts'

const plan: Plan = { directory: 'none', pending: 10, steady: 0, burst: 0, ahead: 0 }

describe('filling a manager that is measured', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 }))
  afterEach(() => void vi.useRealTimers())

  /** A contender that takes as long as the next of `closings` to be closed. */
  function contenderOf(closings: readonly number[]) {
    const left = [...closings]
    const due: number[] = []
    let opened = 0
    const open = async (): Promise<Contender> => {
      opened++
      return {
        servers: () => [],
        set: async (first, times) => {
          if (first === plan.pending) due.push((times[0] ?? 0) - Date.now())
        },
        close: async () => void vi.setSystemTime(Date.now() + (left.shift() ?? 0)),
      }
    }
    return { open, due, opened: () => opened }
  }

  it('takes an alarm that comes due once it is closed', async () => {
    const { open, due, opened } = contenderOf([2_999])
    await expect(fill(open, plan)).resolves.toMatchObject({ dueAt: 1_003_000 })
    expect([due, opened()]).toEqual([[3_000], 1])
  })

  it('opens it again with twice the time, until nothing comes due while it is being closed', async () => {
    const { open, due, opened } = contenderOf([3_000, 9_000, 11_999])
    const { dueAt } = await fill(open, plan)
    expect([due, opened()]).toEqual([[3_000, 6_000, 12_000], 3])
    expect(dueAt).toBeGreaterThan(Date.now())
  })

  it('says so where it never is', async () => {
    const { open } = contenderOf(Array(9).fill(100_000))
    await expect(fill(open, plan)).rejects.toThrow('not closed within 60 s')
  })
})
