import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { memoryManager } from 'nolater'
import { alarmPage, type PageOptions } from 'nolater/page'
import { describe, expect, it, onTestFinished } from 'vitest'
import { serve, threeAlarms } from './serve.ts'

const token = 'a-token-of-twenty-four-x'

/** An address of this machine that is not loopback, if it has one. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((each) => each !== undefined && !each.internal && each.family === 'IPv4')?.address

describe('a page by its names', () => {
  it('answers to those of this machine, by any port that leads to it', async () => {
    const { ask, port } = await serve(memoryManager())
    for (const host of [
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      `LOCALHOST:${port}`,
      `[::1]:${port}`,
      'localhost:9',
    ]) {
      expect([host, (await ask('/', { headers: { host } })).status]).toEqual([host, 200])
    }
  })

  it('answers to no name that another can let point here: DNS rebinding', async () => {
    const { ask, port, change } = await serve(await threeAlarms(), { change: true })
    const foreign = [
      'evil.example',
      `evil.example:${port}`,
      `127.0.0.1.evil.example:${port}`,
      `localhost:${port}.evil.example`,
      `localhost.:${port}`,
      '0.0.0.0',
    ]
    for (const host of foreign) {
      for (const path of ['/', '/stats', '/list', '/live', '/nothing']) {
        const { status, body } = await ask(path, { headers: { host } })
        expect([host, path, status]).toEqual([host, path, 403])
        expect(body).not.toContain('<')
      }
      const origin = `http://${host}`
      expect((await change('retry', { key: 'failed', fence: 7 }, { host, origin })).status).toBe(403)
    }
  })

  it('does not choose between two names, and needs one', async () => {
    const { send, port } = await serve(memoryManager())
    const good = `Host: 127.0.0.1:${port}`
    expect(await send(`GET / HTTP/1.1\r\n${good}\r\nConnection: close\r\n\r\n`)).toContain('200 OK')
    for (const hosts of [`${good}\r\nHost: evil.example`, `Host: evil.example\r\n${good}`]) {
      expect(await send(`GET / HTTP/1.1\r\n${hosts}\r\nConnection: close\r\n\r\n`)).toMatch(
        /^HTTP\/1.1 40[03] /,
      )
    }
    expect(await send('GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1.1 403 /)
    expect(await send('GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 403 /)
  })

  it('answers to the names that it is given, with their ports or with any', async () => {
    const { ask } = await serve(memoryManager(), { token: false, hosts: ['Ops.example', 'other.example:81'] })
    const asked: [string, number][] = [
      ['ops.example', 200],
      ['ops.example:8080', 200],
      ['other.example:81', 200],
      ['other.example:82', 403],
      ['x.ops.example', 403],
    ]
    for (const [host, status] of asked) {
      expect([host, (await ask('/', { headers: { host } })).status]).toEqual([host, status])
    }
  })

  it.skipIf(outside === undefined)(
    'without a token answers this machine alone, and with one by its address',
    async () => {
      const open = await serve(memoryManager(), {}, { listenTo: '0.0.0.0' })
      const { status, body } = await open.ask('/', { to: outside! })
      expect([status, body]).toEqual([403, expect.stringContaining('Without a token')])
      expect((await open.ask('/', { to: outside!, headers: { host: 'localhost' } })).status).toBe(403)
      for (const more of [{ token }, { token: false }] as const) {
        const { ask } = await serve(memoryManager(), more, { listenTo: '0.0.0.0' })
        expect((await ask('/', { to: outside! })).status).toBe(more.token === token ? 401 : 200)
      }
    },
  )

  it.skipIf(process.platform === 'win32')(
    'answers what comes through a socket file, and has no name there but those',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'nolater-page-'))
      const server = createServer(alarmPage(memoryManager()))
      await new Promise<void>((resolve) => server.listen(join(folder, 'socket'), resolve))
      onTestFinished(() => {
        server.close()
        server.closeAllConnections()
        rmSync(folder, { recursive: true })
      })
      const ask = (host: string): Promise<string> =>
        new Promise((resolve, reject) => {
          let answer = ''
          const socket = connect(join(folder, 'socket'), () =>
            socket.write(`GET / HTTP/1.1\r\nHost:${host}\r\nConnection: close\r\n\r\n`),
          )
          socket.on('data', (chunk) => (answer += chunk))
          socket.on('close', () => resolve(answer))
          socket.on('error', reject)
        })
      expect(await ask(' localhost')).toMatch(/^HTTP\/1.1 200 /)
      expect(await ask('')).toMatch(/^HTTP\/1.1 403 /)
      expect(await ask(' evil.example')).toMatch(/^HTTP\/1.1 403 /)
    },
  )

  it.each<[PageOptions, RegExp]>([
    [{ hosts: ['ops.example'] }, /token must be given where there are hosts/],
    [{ hosts: ['http://ops.example'], token }, /hosts must be/],
    [{ token: 'short' }, /token must be 16 characters/],
    [{ token: true as never }, /token must be 16 characters/],
    [{ change: 'yes' as never }, /change must be/],
    [{ path: 'alarms' }, /path must be/],
    [{ path: '/alarms/' }, /path must be/],
    [{ journal: '' }, /journal must be the file of recordJournal/],
    [{ journal: 5 as never }, /journal must be/],
    [{ chnage: true } as never, /Did you mean change/],
  ])('refuses %j', (options, message) => {
    expect(() => alarmPage(memoryManager(), options)).toThrow(message)
  })

  it('is of a manager that lists and counts', () => {
    const { list: _, ...rest } = memoryManager()
    expect(() => alarmPage(rest as never)).toThrow(/manager must be/)
    expect(() => alarmPage(undefined as never)).toThrow(/manager must be/)
  })
})

describe('a request from elsewhere', () => {
  it('is refused by its origin', async () => {
    const { ask, port } = await serve(memoryManager())
    for (const origin of [`http://127.0.0.1:${port}`, `https://127.0.0.1:${port}`]) {
      expect((await ask('/stats', { headers: { origin } })).status).toBe(200)
    }
    for (const origin of [
      'https://evil.example',
      `http://127.0.0.1:${port + 1}`,
      `http://localhost:${port}`,
      'null',
    ]) {
      for (const path of ['/', '/stats', '/live']) {
        const { status, headers } = await ask(path, { headers: { origin } })
        expect([origin, path, status]).toEqual([origin, path, 403])
        expect(headers).not.toHaveProperty('access-control-allow-origin')
      }
    }
  })

  it('is refused by what the browser says of it, but for a link', async () => {
    const { ask } = await serve(memoryManager())
    const link = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
    for (const site of ['cross-site', 'same-site']) {
      const from = { 'sec-fetch-site': site }
      expect((await ask('/stats', { headers: from })).status).toBe(403)
      expect((await ask('/', { headers: { ...from, ...link, 'sec-fetch-dest': 'iframe' } })).status).toBe(403)
      expect((await ask('/', { headers: { ...from, ...link, 'sec-fetch-mode': 'no-cors' } })).status).toBe(
        403,
      )
      expect((await ask('/', { headers: { ...from, ...link } })).status).toBe(200)
      expect((await ask('/stats', { method: 'POST', headers: { ...from, ...link } })).status).toBe(403)
    }
    for (const site of ['same-origin', 'none']) {
      expect((await ask('/stats', { headers: { 'sec-fetch-site': site } })).status).toBe(200)
    }
  })

  it('gets no leave to ask: there is no answer to a preflight', async () => {
    const { ask, port } = await serve(memoryManager(), { change: true })
    for (const origin of ['https://evil.example', `http://127.0.0.1:${port}`]) {
      const { status, headers } = await ask('/retry', {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'x-nolater',
        },
      })
      expect(status).toBeGreaterThanOrEqual(400)
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    }
  })
})

describe('a path', () => {
  it('that climbs leads nowhere', async () => {
    const { ask } = await serve(memoryManager())
    const paths = [
      '/../package.json',
      '/%2e%2e/package.json',
      '/..%2fpackage.json',
      '/./',
      '//',
      '/list/../stats',
      '/stats/',
      '/Stats',
      '/index.html',
      '/embedded.ts',
      '/constructor',
      '/__proto__',
      'http://127.0.0.1/stats',
    ]
    for (const path of paths) {
      const { status, body } = await ask(path)
      expect([path, status, body]).toEqual([path, 404, 'There is no such page.\n'])
    }
  })

  it('below which it is mounted is the only one it answers', async () => {
    const { ask } = await serve(memoryManager(), { path: '/ops/alarms' })
    for (const [path, status] of [
      ['/ops/alarms/', 200],
      ['/ops/alarms/stats', 200],
      ['/ops/alarms', 308],
      ['/', 404],
      ['/stats', 404],
      ['/ops/alarms.stats', 404],
      ['/ops/alarms/ops/alarms/stats', 404],
    ] as const) {
      expect([path, (await ask(path)).status]).toEqual([path, status])
    }
    expect((await ask('/ops/alarms?a=1')).headers.location).toBe('./alarms/?a=1')
  })

  it('may have been cut by a framework', async () => {
    const cut = (request: IncomingMessage): void => {
      const { url = '' } = request
      Object.assign(request, { originalUrl: url, url: url.slice('/alarms'.length).replace(/^(?!\/)/, '/') })
    }
    const { ask } = await serve(memoryManager(), {}, { seen: cut })
    expect((await ask('/alarms/')).status).toBe(200)
    expect((await ask('/alarms/stats')).status).toBe(200)
    expect(await ask('/alarms')).toMatchObject({ status: 308, headers: { location: './alarms/' } })
  })

  it('is asked for by its one method', async () => {
    const { ask } = await serve(memoryManager(), { change: true })
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'HEAD']) {
      for (const path of ['/', '/stats', '/live']) {
        const { status, headers } = await ask(path, { method })
        expect([method, path, status, headers.allow]).toEqual([method, path, 405, 'GET'])
      }
    }
    for (const action of ['retry', 'reschedule', 'discard', 'pause', 'resume']) {
      const { status, headers } = await ask(`/${action}?key=failed&fence=7`)
      expect([status, headers.allow]).toEqual([405, 'POST'])
    }
  })
})

describe('every answer', () => {
  it('says what may be done with it', async () => {
    const { ask } = await serve(memoryManager())
    for (const path of ['/', '/stats', '/nothing']) {
      const { headers } = await ask(path)
      expect(headers).toMatchObject({
        'cache-control': expect.stringContaining('no-store'),
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      })
      const policy = String(headers['content-security-policy'])
      for (const rule of [
        "default-src 'none'",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
      ]) {
        expect(policy.split('; ')).toContain(rule)
      }
      expect(policy).not.toContain('unsafe')
    }
  })
})
