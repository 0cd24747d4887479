import { memoryManager } from 'nolater'
import { virtualClock } from 'nolater/marbles'
import { NEVER } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { newManager } from '../../sqlite/files.ts'
import { HOUR, serve, threeAlarms } from './serve.ts'

const info = (key: string) => ({ key, move: 'later', fence: 1, attempt: 1 }) as const

async function stage(failedKey?: string) {
  const manager = await threeAlarms(failedKey)
  const { ask } = await serve(manager)
  const get = async (path: string) => {
    const { status, body } = await ask(path)
    return status === 200 ? JSON.parse(body) : { status, body }
  }
  const keys = async (query: string) =>
    (await get(`/list?${query}`)).alarms.map(({ key }: { key: string }) => key)
  return { manager, ask, get, keys }
}

describe('what a page is read from', () => {
  it('is the list, in the order in which it is due, page by page', async () => {
    const { get, keys } = await stage()
    expect(await keys('')).toEqual(['due', 'failed', 'pending'])
    expect(await keys('state=failed')).toEqual(['failed'])
    const first = await get('/list?limit=1')
    expect(first).toMatchObject({ alarms: [{ key: 'due' }], more: true, cut: false })
    const { key, due } = first.alarms[0]
    expect(await keys(`after=${key}&at=${due}`)).toEqual(['failed', 'pending'])
    expect(await keys(`after=${key}`)).toEqual(['failed', 'pending'])
    expect(await get('/list?limit=3')).toMatchObject({ more: false })
  })

  it('goes on where it was though the alarm that was last is gone', async () => {
    const { get, keys, manager } = await stage()
    const { alarms } = await get('/list?limit=2')
    await manager.discard('failed')
    expect(await keys(`after=failed&at=${alarms[1].time}`)).toEqual(['pending'])
  })

  it('leaves the stacks to the page of the actor', async () => {
    const { get } = await stage()
    const [inList] = (await get('/list?state=failed')).alarms
    expect(inList.lastError).toMatchObject({ name: 'RangeError', message: 'no such <b>customer</b>' })
    expect(inList.lastError).not.toHaveProperty('stack')
    const { alarm } = await get('/alarm?key=failed')
    expect(alarm).toMatchObject({
      fence: 7,
      state: 'failed',
      lastError: { stack: expect.stringContaining('at ') },
    })
    expect(await get('/alarm?key=nothing')).toEqual({ alarm: null })
  })

  it('is searched by the beginning of a key, of all or of those in a state', async () => {
    const { keys, manager } = await stage()
    for (const key of ['fa', 'fail', 'p0', 'p1']) await manager.write(key, Date.now() + 2 * HOUR, info(key))
    expect(await keys('prefix=fail')).toEqual(['fail', 'failed'])
    expect(await keys('prefix=fail&state=pending')).toEqual(['fail'])
    expect(await keys('prefix=fail&state=failed')).toEqual(['failed'])
    await manager.write('due-2', 5, info('due-2'))
    expect(await keys('prefix=du&state=due')).toEqual(['due-2', 'due']) // in the order of these few
    expect(await keys('prefix=p')).toEqual(['p0', 'p1', 'pending'])
    expect(await keys('prefix=p&after=p0&at=7')).toEqual(['p1', 'pending'])
    expect(await keys('prefix=nothing')).toEqual([])
  })

  it('is searched in due order where the manager has no other, the very key first, and for a while', async () => {
    const clock = virtualClock(1_000_000)
    const { search: _, ...manager } = newManager({ scheduler: clock })
    const { ask } = await serve(manager, { scheduler: clock })
    for (const [i, key] of ['ab', 'abc', 'a', 'b'].entries()) {
      const written = manager.write(key, 2_000_000 + i, info(key))
      await clock.advanceAsync(0)
      await written
    }
    const keys = async (query: string) =>
      JSON.parse((await ask(`/list?${query}`)).body).alarms.map(({ key }: { key: string }) => key)
    expect(await keys('prefix=a')).toEqual(['ab', 'abc', 'a'])
    expect(await keys('prefix=a&limit=1')).toEqual(['a', 'ab'])
    expect(await keys('prefix=ab&state=pending')).toEqual(['ab', 'abc'])
  })

  it('is not looked for longer than two seconds: it says that it was cut', async () => {
    const clock = virtualClock(1_000_000)
    const manager = { ...memoryManager({ scheduler: clock }), list: () => NEVER as never }
    const { ask } = await serve(manager, { scheduler: clock })
    const asked = ask('/list?prefix=a&state=due')
    let isOver = false
    asked.then(() => (isOver = true))
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve))
      await clock.advanceAsync(500)
    }
    expect(clock.now()).toBeGreaterThanOrEqual(1_002_000)
    expect(JSON.parse((await asked).body)).toEqual({ alarms: [], more: false, cut: true })
  })

  it('is how it stands, and the next hour by the minute', async () => {
    const { get } = await stage()
    expect(await get('/stats')).toMatchObject({ counts: { pending: 1, due: 1, failed: 1 }, deliverers: [] })
    const { from, counts } = await get('/hour')
    expect(Math.abs(from - Date.now())).toBeLessThan(10_000)
    expect(counts).toHaveLength(60)
    expect(counts.reduce((all: number, count: number) => all + count, 0)).toBe(1)
    expect(counts.findIndex((count: number) => count === 1)).toBeGreaterThanOrEqual(28)
    expect(counts.findIndex((count: number) => count === 1)).toBeLessThanOrEqual(30)
  })

  it('has no hour where the manager does not count by the minute', async () => {
    const { ask } = await serve(memoryManager())
    expect((await ask('/hour')).status).toBe(404)
  })

  it.each([
    ['/list?state=none', /state must be one of/],
    ['/list?limit=0', /limit must be 1 to 500/],
    ['/list?limit=501', /limit must be 1 to 500/],
    ['/list?limit=many', /limit must be 1 to 500/],
    ['/list?after=nothing', /after must be/],
    ['/list?after=due&at=x', /An alarm time is/],
    [`/list?prefix=${'x'.repeat(1_025)}`, /A key is a string/],
    [`/alarm?key=${'x'.repeat(1_025)}`, /A key is a string/],
    ['/alarm', /Give its key/],
  ])('refuses %s', async (path, message) => {
    const { get } = await stage()
    expect(await get(path)).toMatchObject({ status: 400, body: expect.stringMatching(message) })
  })

  it('takes a key of a megabyte for none', async () => {
    const { ask } = await stage()
    expect((await ask(`/alarm?key=${'x'.repeat(1_000_000)}`).catch(() => ({ status: 431 }))).status).toBe(431)
    expect((await ask('/stats')).status).toBe(200)
  })

  it('is JSON, and never markup', async () => {
    const key = '</script><img src=x onerror=alert(1)>'
    const { ask } = await stage(key)
    for (const path of ['/list', `/alarm?key=${encodeURIComponent(key)}`, '/stats']) {
      const { headers, body } = await ask(path)
      expect(headers['content-type']).toBe('application/json')
      expect(JSON.parse(body)).toBeInstanceOf(Object)
    }
    const bad = await ask(`/list?state=${encodeURIComponent(key)}`)
    expect([bad.status, bad.headers['content-type']]).toEqual([400, 'text/plain; charset=utf-8'])
    expect((await ask('/')).body).not.toContain('onerror')
  })

  it('says of what fails no more than it may', async () => {
    const secret = new Error('connect postgres://me:secret@db/x')
    const failing = { ...memoryManager(), stats: () => Promise.reject(secret) }
    const { ask } = await serve(failing)
    const { status, body } = await ask('/stats')
    expect([status, body]).toEqual([500, expect.stringContaining('The manager failed.')])
    expect(body).not.toContain('secret')
    const manager = newManager()
    const closed = await serve(manager)
    await manager.close()
    expect(await closed.ask('/stats')).toMatchObject({
      status: 500,
      body: expect.stringContaining('was closed'),
    })
  })
})
