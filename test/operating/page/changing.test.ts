import { createServer, request } from 'node:http'
import { memoryManager } from 'nolater'
import { alarmPage } from 'nolater/page'
import { describe, expect, it, onTestFinished } from 'vitest'
import { HOUR, serve, threeAlarms } from './serve.ts'

const failed = { key: 'failed', fence: 7 }

async function stage() {
  const manager = await threeAlarms()
  const served = await serve(manager, { change: true })
  const held = async (key = 'failed') => {
    for await (const alarm of manager.list({ key })) return alarm
    return null
  }
  return { manager, held, ...served }
}

describe('a page that may change', () => {
  it('retries, reschedules and discards what failed, under the fence that was shown', async () => {
    const { change, held } = await stage()
    expect((await change('retry', { ...failed, fence: 6 })).status).toBe(409)
    expect((await held())?.state).toBe('failed')
    expect((await change('retry', failed)).status).toBe(200)
    expect((await held())?.state).toBe('due')
    expect((await change('retry', failed)).status).toBe(409)

    const again = await stage()
    const time = Date.now() + HOUR
    expect((await again.change('reschedule', { ...failed, time })).status).toBe(200)
    expect(await again.held()).toMatchObject({ state: 'pending', due: time })

    const last = await stage()
    expect((await last.change('discard', failed)).status).toBe(200)
    expect(await last.held()).toBe(null)
  })

  it('pauses and resumes', async () => {
    const { change, manager } = await stage()
    for (const scope of [{ key: 'due' }, { prefix: 'd' }, {}]) {
      expect((await change('pause', { scope })).status).toBe(200)
      expect((await change('pause', { scope })).status).toBe(409)
    }
    expect((await manager.stats()).paused).toEqual([{ key: 'due' }, { prefix: 'd' }, { prefix: '' }])
    expect((await change('resume', { scope: {} })).status).toBe(200)
    expect((await change('resume', { scope: {} })).status).toBe(409)
    expect((await manager.stats()).paused).toEqual([])
  })

  it.each([
    ['retry', { key: 'failed' }, /the fence that was shown/],
    ['retry', { key: 'failed', fence: null }, /fence must be/],
    ['retry', { fence: 7 }, /A key is a string/],
    ['discard', { key: 'x'.repeat(1_025), fence: 7 }, /1025 of them/],
    ['reschedule', { ...failed }, /An alarm time is/],
    ['reschedule', { ...failed, time: 'tomorrow' }, /An alarm time is/],
    ['pause', {}, /scope must be/],
    ['resume', { scope: null }, /must be/],
    ['pause', { scope: { key: 7 } }, /A key is a string/],
    ['pause', { scope: { all: true } }, /has no option "all"/],
    ['retry', [failed], /is an object/],
    ['retry', 'null', /is an object/],
    ['retry', '"failed"', /is an object/],
    ['retry', '{"key":', /is an object/],
    ['retry', '', /is an object/],
  ])('refuses %s of %j', async (action, body, message) => {
    const { change, held, manager } = await stage()
    expect(await change(action, body)).toMatchObject({ status: 400, body: expect.stringMatching(message) })
    expect((await held())?.state).toBe('failed')
    expect((await manager.stats()).paused).toEqual([])
  })

  it('says what its manager cannot do', async () => {
    const { retry: _, ...rest } = memoryManager()
    const { change, ask } = await serve(rest, { change: true })
    expect((await change('retry', failed)).status).toBe(404)
    expect((await ask('/')).body).toContain('data-can="reschedule discard pause resume"')
  })

  it('takes what a framework has read already', async () => {
    const manager = await threeAlarms()
    const page = alarmPage(manager, { change: true })
    const server = createServer(async (asked, response) => {
      let text = ''
      for await (const chunk of asked) text += chunk
      page(Object.assign(asked, { body: text === '' ? undefined : JSON.parse(text) }), response)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => server.closeAllConnections())
    onTestFinished(() => void server.close())
    const { port } = server.address() as { port: number }
    const html = await (await fetch(`http://127.0.0.1:${port}/`)).text()
    const [, csrf = ''] = /data-csrf="([^"]+)"/.exec(html)!
    const ask = (body?: object) =>
      fetch(`http://127.0.0.1:${port}/retry`, {
        method: 'POST',
        headers: {
          origin: `http://127.0.0.1:${port}`,
          'content-type': 'application/json',
          'x-nolater': csrf,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
    expect((await ask()).status).toBe(400)
    expect((await ask(failed)).status).toBe(200)
  })
})

describe('a change that must not be', () => {
  it('is one on a page that only reads', async () => {
    const manager = await threeAlarms()
    const { change, ask } = await serve(manager)
    for (const action of ['retry', 'reschedule', 'discard', 'pause', 'resume']) {
      const { status, body } = await change(action, { ...failed, time: 1, scope: {} })
      expect([action, status, body]).toEqual([action, 403, expect.stringContaining('only reads')])
    }
    expect((await ask('/')).body).toContain('data-can=""')
    expect((await manager.stats()).counts.failed).toBe(1)
    expect((await manager.stats()).paused).toEqual([])
  })

  it('is one of another origin, or of none', async () => {
    const { change, held, port } = await stage()
    for (const origin of [undefined, 'null', 'https://evil.example', `http://127.0.0.1:${port + 1}`]) {
      expect([origin, (await change('retry', failed, { origin })).status]).toEqual([origin, 403])
    }
    expect((await change('retry', failed, { 'sec-fetch-site': 'same-site' })).status).toBe(403)
    expect((await held())?.state).toBe('failed')
  })

  it('is one without the header that only the page itself can send', async () => {
    const { change, held, ask } = await stage()
    const { body } = await ask('/')
    const [, csrf = ''] = /data-csrf="([^"]+)"/.exec(body)!
    for (const given of [undefined, '', 'wrong', csrf.slice(1), `${csrf}x`]) {
      expect([given, (await change('retry', failed, { 'x-nolater': given })).status]).toEqual([given, 403])
    }
    expect((await held())?.state).toBe('failed')
    const other = await stage()
    expect((await other.change('retry', failed, { 'x-nolater': csrf })).status).toBe(403)
  })

  it('is one that a form can send', async () => {
    const { change, held } = await stage()
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      undefined,
      '',
    ]) {
      expect([type, (await change('retry', failed, { 'content-type': type })).status]).toEqual([type, 415])
    }
    expect((await change('retry', failed, { 'content-type': 'application/jsonp' })).status).toBe(415)
    expect((await held())?.state).toBe('failed')
    expect(
      (await change('retry', failed, { 'content-type': 'Application/JSON; charset=utf-8' })).status,
    ).toBe(200)
  })

  it('is one that a GET asks for', async () => {
    const { ask, held } = await stage()
    const asked = [
      '/retry?key=failed&fence=7',
      '/list?retry=failed',
      '/alarm?key=failed&action=retry',
      '/stats?_method=POST',
      '/live?pause=all',
    ]
    for (const path of asked.slice(0, -1)) await ask(path, { headers: { 'x-http-method-override': 'POST' } })
    expect((await held())?.state).toBe('failed')
  })

  it('is one of a megabyte, however it comes', async () => {
    const { change, held, port, ask } = await stage()
    const key = 'x'.repeat(1_000_000)
    expect((await change('retry', { key, fence: 7 })).status).toBe(413)
    expect((await change('retry', { ...failed, more: 'x'.repeat(16 * 1024) })).status).toBe(413)
    const [, csrf = ''] = /data-csrf="([^"]+)"/.exec((await ask('/')).body)!
    // In pieces and without an end: what comes after the limit is not waited for.
    const status = await new Promise((resolve, reject) => {
      const asked = request(
        {
          host: '127.0.0.1',
          port,
          path: '/retry',
          method: 'POST',
          headers: {
            origin: `http://127.0.0.1:${port}`,
            'content-type': 'application/json',
            'x-nolater': csrf,
          },
        },
        (response) => resolve(response.resume().statusCode),
      )
      asked.on('error', reject)
      asked.write(`{"key":"${'x'.repeat(16 * 1024)}`)
    })
    expect(status).toBe(413)
    expect((await held())?.state).toBe('failed')
  })
})
