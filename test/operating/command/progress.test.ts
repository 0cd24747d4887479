import { beforeEach, describe, expect, it, vi } from 'vitest'
import { withProgress } from '../../../src/operating/command/progress.ts'
import type { Terminal } from '../../../src/operating/command/terminal.ts'

function stage(isTerminal: boolean) {
  const said: string[] = []
  const terminal = { isTerminal, say: (text) => void said.push(text) } as Terminal
  const lasting = (ms: number) => () => new Promise<string>((resolve) => setTimeout(resolve, ms, 'found'))
  return { said, run: (ms: number) => withProgress(terminal, 'looking', lasting(ms)) }
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
