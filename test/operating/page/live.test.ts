import { type IncomingMessage, request } from 'node:http'
import { memoryManager } from 'nolater'
import { virtualClock } from 'nolater/marbles'
import type { PageManager } from 'nolater/page'
import { describe, expect, it } from 'vitest'
import { serve, threeAlarms } from './serve.ts'

const SECOND = 1_000

/** A page on a virtual clock, and how often its manager was counted. */
async function stage(more: Partial<PageManager> = {}) {
  const clock = virtualClock(1_000_000)
  let looks = 0
  const inMemory = memoryManager({ scheduler: clock })
  const manager: PageManager = {
    ...inMemory,
    stats: () => {
      looks++
      return inMemory.stats()
    },
    ...more,
  }
  const { port, ask } = await serve(manager, { scheduler: clock })
  return {
    clock,
    ask,
    looks: () => looks,
    /** Follows it; what was sent, and how to leave. */
    follow: () => follow(port),
    /** The clock runs, and so does the network. */
    async pass(ms: number) {
      for (let at = 0; at < ms; at += 100) {
        await clock.advanceAsync(100)
        await turn()
      }
    },
  }
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 2))

async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 2_000 && !isSo(); i++) await turn()
  expect(isSo()).toBe(true)
}

function follow(port: number) {
  let text = ''
  let status: number | undefined
  let type: string | undefined
  let answer: IncomingMessage | undefined
  const asked = request({ host: '127.0.0.1', port, path: '/live', agent: false }, (response) => {
    answer = response
    status = response.statusCode
    type = response.headers['content-type']
    response.setEncoding('utf8')
    response.on('data', (chunk) => (text += chunk))
    response.on('error', () => {})
  })
  asked.on('error', () => {})
  asked.end()
  return {
    status: () => status,
    type: () => type,
    events: () =>
      text
        .split('\n\n')
        .slice(0, -1)
        .map((event) => /^event: (\w+)\ndata: (.*)$/.exec(event)!)
        .map(([, name, data = '']) => ({ name, data: JSON.parse(data) })),
    pause: () => answer?.pause(),
    resume: () => answer?.resume(),
    leave: () => asked.destroy(),
  }
}

describe('a page that is live', () => {
  it('is sent how the manager stands, at once and each second', async () => {
    const { follow, pass } = await stage()
    const one = follow()
    await until(() => one.events().length === 1)
    expect([one.status(), one.type()]).toEqual([200, 'text/event-stream'])
    expect(one.events()[0]).toMatchObject({
      name: 'look',
      data: { stats: { at: 1_000_000, counts: { pending: 0 } }, hour: null },
    })
    await pass(3 * SECOND)
    await until(() => one.events().length === 4)
    one.leave()
  })

  it('counts by the minute where the manager does', async () => {
    const { port } = await serve(await threeAlarms())
    const one = follow(port)
    await until(() => one.events().length === 1)
    const { stats, hour } = one.events()[0]!.data
    expect(hour.from).toBe(stats.at)
    expect(hour.counts).toHaveLength(60)
    one.leave()
  })

  it('has one timer for all, and none when the last has left', async () => {
    const { clock, looks, follow, pass } = await stage()
    expect(looks()).toBe(0)
    const all = [follow(), follow(), follow()]
    await until(() => all.every(({ events }) => events().length === 1))
    expect(looks()).toBe(1)
    await pass(2 * SECOND)
    expect(looks()).toBe(3)
    all[0]!.leave()
    all[1]!.leave()
    await pass(SECOND)
    expect(looks()).toBe(4)
    all[2]!.leave()
    await until(() => clock.pending === 0)
    await pass(5 * SECOND)
    expect(looks()).toBe(4)
    const again = follow()
    await until(() => again.events().length === 1)
    expect(looks()).toBe(5)
    again.leave()
  })

  it('has so many at most', async () => {
    const { follow } = await stage()
    const all = Array.from({ length: 32 }, follow)
    await until(() => all.every(({ events }) => events().length === 1))
    const more = follow()
    await until(() => more.status() !== undefined)
    expect(more.status()).toBe(503)
    all[0]!.leave()
    let next = follow()
    await until(() => {
      if (next.status() === 503) next = follow()
      return next.status() === 200
    })
    for (const { leave } of [...all, next]) leave()
  })

  it('rests longer where it takes longer to count', async () => {
    const clock = virtualClock(1_000_000)
    const inMemory = memoryManager({ scheduler: clock })
    let looks = 0
    const manager = {
      ...inMemory,
      stats: async () => {
        looks++
        await new Promise<void>((resolve) => clock.schedule(() => resolve(), 500))
        return inMemory.stats()
      },
    }
    const { port } = await serve(manager, { scheduler: clock })
    const one = follow(port)
    const pass = async (ms: number) => {
      for (let at = 0; at < ms; at += 100) {
        await clock.advanceAsync(100)
        await turn()
      }
    }
    await until(() => looks === 1)
    await pass(500)
    await until(() => one.events().length === 1)
    await pass(9_900)
    expect(looks).toBe(1)
    await pass(200)
    expect(looks).toBe(2)
    one.leave()
  })

  it('keeps nothing for what reads too slowly', async () => {
    const MEGABYTE = 1_000_000
    const inMemory = memoryManager()
    const { follow, pass } = await stage({
      stats: async () => {
        const stats = await inMemory.stats()
        return { ...stats, oldest: { key: 'x'.repeat(MEGABYTE), overdue: 1 } }
      },
    })
    const slow = follow()
    await until(() => slow.status() === 200)
    slow.pause()
    await pass(60 * SECOND)
    slow.resume()
    await until(() => slow.events().length > 0)
    await pass(2 * SECOND)
    const received = slow.events().length
    expect(received).toBeGreaterThan(2)
    expect(received).toBeLessThan(40)
    slow.leave()
  })

  it('goes on after a failure, of which it says what it may', async () => {
    let isFailing = true
    const inMemory = memoryManager()
    const { follow, pass } = await stage({
      stats: async () => {
        if (isFailing) throw new Error('postgres://me:secret@db')
        return inMemory.stats()
      },
    })
    const one = follow()
    await until(() => one.events().length === 1)
    expect(one.events()[0]!.name).toBe('trouble')
    expect(JSON.stringify(one.events()[0])).not.toContain('secret')
    isFailing = false
    await pass(SECOND)
    await until(() => one.events().length === 2)
    expect(one.events()[1]!.name).toBe('look')
    one.leave()
  })
})
