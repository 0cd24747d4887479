import { beforeEach, describe, expect, it, vi } from 'vitest'
import { withProgress } from '../../../src/operating/command/progress.ts'
import type { Terminal } from '../../../src/operating/command/terminal.ts'

function stage(isTerminal: boolean) {
  const said: string[] = []
  const terminal = { isTerminal, now: Date.now, say: (text) => void said.push(text) } as Terminal
  const lasting = (ms: number) => () => new Promise<string>((resolve) => setTimeout(resolve, ms, 'found'))
  const run = (ms: number) => withProgress(terminal, 'looking', lasting(ms))
  return { said, terminal, run }
}

describe('progress', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    return () => vi.useRealTimers()
  })

  it('is said each second, and wiped off at the end', async () => {
    const { said, run } = stage(true)
    const running = run(2_500)
    await vi.advanceTimersByTimeAsync(2_500)
    expect(await running).toBe('found')
    expect(said).toEqual(['\rlooking: 1 s ', '\rlooking: 2 s ', '\r\u001b[K'])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('says how many rows were read', async () => {
    const { said, terminal } = stage(true)
    const running = withProgress(terminal, 'looking', async (read) => {
      read(20_000)
      await vi.advanceTimersByTimeAsync(1_000)
      read(500)
      await vi.advanceTimersByTimeAsync(1_000)
    })
    await running
    expect(said).toEqual(['\rlooking: 1 s, 20,000 rows ', '\rlooking: 2 s, 20,500 rows ', '\r\u001b[K'])
  })

  it('is said of the time that has passed, also where the thread was held up', async () => {
    const { said, run } = stage(true)
    const running = run(5_000)
    vi.setSystemTime(Date.now() + 3_000)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(said).toEqual(['\rlooking: 4 s '])
    await vi.advanceTimersByTimeAsync(4_000)
    await running
  })

  it.each([
    ['of what takes less than a second', true, 900],
    ['where there is no terminal', false, 5_000],
  ])('is not said %s', async (_, isTerminal, ms) => {
    const { said, run } = stage(isTerminal)
    const running = run(ms)
    await vi.advanceTimersByTimeAsync(ms)
    expect(await running).toBe('found')
    expect(said).toEqual([])
  })
})
