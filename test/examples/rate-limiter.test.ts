import { memoryManager } from 'nolater'
import { virtualClock } from 'nolater/marbles'
import { sqliteStore } from 'nolater/sqlite'
import { EMPTY, type ObservableInput, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { type RateLimiter, rateLimiter } from '../../examples/rate-limiter.ts'
import { newFile } from '../sqlite/files.ts'
import { runExample } from './run-example.ts'

/** A limiter of two calls a second, that can be killed and started again. */
function stage(
  call: (job: string) => ObservableInput<unknown> = () => EMPTY,
  replicate: () => ObservableInput<unknown> = () => EMPTY,
) {
  const clock = virtualClock(1_000_000)
  const manager = memoryManager({ scheduler: clock })
  const file = newFile()
  const calls: string[] = []

  function start(): RateLimiter & { kill(): void } {
    const store = sqliteStore({ file, key: 'calls', manager, scheduler: clock, replicate })
    const limiter = rateLimiter({
      store,
      limit: 2,
      window: 1_000,
      scheduler: clock,
      call(job) {
        calls.push(`${job} ${clock.now() - 1_000_000}`)
        return call(job)
      },
    })
    const deliveries = manager.deliveries(limiter.deliver).subscribe()
    const kill = (): void => {
      deliveries.unsubscribe()
      store.close()
    }
    return { ...limiter, kill }
  }
  return { clock, calls, start }
}

describe('the rate limiter', () => {
  it('calls at once what is within the limit, and lets the rest wait for the next windows', async () => {
    const { clock, calls, start } = stage()
    const { submit, kill } = start()
    const durable: string[] = []
    for (const job of ['a', 'b', 'c', 'd', 'e']) submit(job).subscribe((name) => durable.push(name))
    await clock.advanceAsync(5_000)
    expect(durable).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(calls).toEqual(['a 0', 'b 0', 'c 1000', 'd 1000', 'e 2000'])
    submit('f').subscribe()
    await clock.advanceAsync(0)
    expect(calls.at(-1)).toBe('f 5000')
    kill()
  })

  it('keeps to its windows over a crash, and calls again what the store does not know to be called', async () => {
    const answer = new Subject<never>()
    const { clock, calls, start } = stage((job) => (job === 'b' && calls.length < 3 ? answer : EMPTY))
    const first = start()
    for (const job of ['a', 'b', 'c']) first.submit(job).subscribe()
    await clock.advanceAsync(400)
    expect(calls).toEqual(['a 0', 'b 0'])
    first.kill()
    const second = start()
    await clock.advanceAsync(599)
    expect(calls).toEqual(['a 0', 'b 0'])
    await clock.advanceAsync(5_000)
    expect(calls.slice(2)).toEqual(['b 1000', 'c 1000'])
    second.kill()
  })

  it('calls again what failed, in a window of its own', async () => {
    const { clock, calls, start } = stage(() => {
      if (calls.length === 1) throw new Error('refused')
      return EMPTY
    })
    const { submit, kill } = start()
    submit('a').subscribe()
    submit('b').subscribe()
    await clock.advanceAsync(10_000)
    expect(calls.map((line) => line.split(' ')[0])).toEqual(['a', 'a', 'b'])
    expect(Number(calls[1]!.split(' ')[1])).toBeGreaterThanOrEqual(2_000)
    kill()
  })

  it('answers, and calls, only once that is durable', async () => {
    const waiting: Subject<never>[] = []
    const replicate = (): Subject<never> => {
      const answer = new Subject<never>()
      waiting.push(answer)
      return answer
    }
    const { clock, calls, start } = stage(undefined, replicate)
    const { submit, kill } = start()
    const seen: string[] = []
    const replicated = async (): Promise<void> => {
      waiting.shift()?.complete()
      await clock.advanceAsync(0)
    }
    submit('a').subscribe((job) => seen.push(`durable ${job}`))
    await clock.advanceAsync(0)
    for (let steps = 0; steps < 6 && calls.length === 0; steps++) {
      seen.push(`${waiting.length} commit, ${calls.length} calls`)
      await replicated()
    }
    // The opening, the job, the window: each a commit that is waited for.
    expect(seen).toEqual(['1 commit, 0 calls', '1 commit, 0 calls', 'durable a', '1 commit, 0 calls'])
    expect(calls).toEqual(['a 0'])
    kill()
  })

  it('does what its example says, in a process of its own', () => {
    const calls = (...numbers: number[]) => [...numbers.map((n) => `call ${n}`), '-- end of a window']
    expect(runExample('rate-limiter.ts')).toEqual([...calls(1, 2, 3), ...calls(4, 5, 6), ...calls(7, 8, 9)])
  })
})
