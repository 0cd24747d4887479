import { memoryManager } from 'nolater'
import { describe, expect, it } from 'vitest'
import { serve, threeAlarms } from './serve.ts'

const token = 'a-token-of-twenty-four-x'
const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }

/** The pair that a browser would send. */
const pairOf = (cookie: string | undefined): string => cookie!.split(';')[0]!

describe('a page with a token', () => {
  it('takes it from the URL once, and then from a cookie that no script reads and no other site sends', async () => {
    const { ask } = await serve(memoryManager(), { token })
    const { status, headers, body } = await ask(`/?token=${token}`)
    expect([status, headers.location]).toEqual([303, './'])
    const [cookie = ''] = headers['set-cookie']!
    expect(cookie).toMatch(/^nolater-[0-9a-f]{12}=[\w-]+; HttpOnly; SameSite=Strict$/)
    expect(cookie + body).not.toContain(token)
    for (const path of ['/', '/stats', '/list', '/alarm?key=a']) {
      expect((await ask(path, { headers: { cookie: `a=b; ${pairOf(cookie)}; c=d` } })).status).toBe(200)
    }
  })

  it('gives nothing without it', async () => {
    const { ask, change } = await serve(await threeAlarms(), { token, change: true })
    for (const path of [
      '/',
      '/stats',
      '/hour',
      '/list',
      '/alarm?key=failed',
      '/live',
      '/nothing',
      '/?token=wrong-token-wrong',
    ]) {
      const { status, headers, body } = await ask(path)
      expect([path, status, headers['set-cookie']]).toEqual([path, 401, undefined])
      expect(body).toMatch(/^This page has a token/)
    }
    expect((await ask(`/stats?token=${token}`)).status).toBe(401)
    expect((await ask(`/?token=${token}`, { method: 'POST' })).status).toBe(401)
    expect((await change('retry', { key: 'failed', fence: 7 })).status).toBe(401)
    const wrong = { headers: { cookie: `nolater=${token}; token=${token}` } }
    expect((await ask('/stats', wrong)).status).toBe(401)
  })

  it('takes no cookie of another token', async () => {
    const other = await serve(memoryManager(), { token: `${token}-another` })
    const { headers } = await other.ask(`/?token=${token}-another`)
    const { ask } = await serve(memoryManager(), { token })
    const cookie = pairOf(headers['set-cookie']![0])
    expect((await ask('/stats', { headers: { cookie } })).status).toBe(401)
    const own = pairOf((await ask(`/?token=${token}`)).headers['set-cookie']![0])
    expect(own.split('=')[0]).not.toBe(cookie.split('=')[0])
    const [name] = own.split('=')
    expect((await ask('/stats', { headers: { cookie: `${name}=${cookie.split('=')[1]}` } })).status).toBe(401)
    expect((await ask('/stats', { headers: { cookie: own } })).status).toBe(200)
  })

  it('asks a browser to come again by itself where a link of another site has left the cookie out', async () => {
    const { ask } = await serve(memoryManager(), { token })
    const { status, body } = await ask('/', { headers: link })
    expect([status, body]).toEqual([401, expect.stringContaining('http-equiv="refresh"')])
    expect((await ask('/', { headers: { ...link, 'sec-fetch-site': 'same-origin' } })).body).toMatch(
      /^This page has/,
    )
    expect((await ask('/?token=wrong-token-wrong', { headers: link })).body).toMatch(/^This page has/)
  })

  it('keeps the cookie to encrypted connections where it came by one', async () => {
    const { ask } = await serve(memoryManager(), { token })
    const { headers } = await ask(`/?token=${token}`, { headers: { 'x-forwarded-proto': 'https' } })
    expect(headers['set-cookie']![0]).toMatch(/; Secure$/)
  })

  it('has it in the URL of its folder, whichever way it is asked for', async () => {
    const { ask } = await serve(memoryManager(), { token, path: '/alarms' })
    expect(await ask(`/alarms?token=${token}`)).toMatchObject({
      status: 308,
      headers: { location: `./alarms/?token=${token}` },
    })
    expect((await ask(`/alarms/?token=${token}`)).headers.location).toBe('./')
  })

  it('is the same in every process that has it', async () => {
    const manager = await threeAlarms()
    const [one, other] = [
      await serve(manager, { token, change: true }),
      await serve(manager, { token, change: true }),
    ]
    const cookie = pairOf((await one.ask(`/?token=${token}`)).headers['set-cookie']![0])
    const { body } = await other.ask('/', { headers: { cookie } })
    const [, csrf] = /data-csrf="([^"]+)"/.exec(body)!
    expect((await one.change('pause', { scope: {} }, { cookie, 'x-nolater': csrf })).status).toBe(200)
  })
})
