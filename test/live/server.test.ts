import { createHash } from 'node:crypto'
import type { Server } from 'node:http'
import { type IncomingHttpHeaders, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildPage, type Page } from '../../examples/live/build-page.ts'
import { servePage } from '../../examples/live/server.ts'

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

let page: Page
let server: Server
let port: number

beforeAll(async () => {
  page = await buildPage()
  server = await servePage(page, 0)
  port = (server.address() as AddressInfo).port
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => (body += chunk))
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }))
    })
    asked.on('error', reject)
    asked.end()
  })
}

/** Bytes as nobody would send them who means well. */
function send(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.end(text))
    socket.on('data', (chunk) => (answer += chunk))
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}

describe('the server of the page', () => {
  it('gives the page, whatever the query says', async () => {
    for (const path of ['/', '/index.html', '/?seed=1']) {
      const { status, headers, body } = await ask(path)
      expect([path, status, headers['content-type']]).toEqual([path, 200, 'text/html; charset=utf-8'])
      expect(body).toBe(page.html)
    }
  })

  it('gives its head alone', async () => {
    const { status, headers, body } = await ask('/', {}, 'HEAD')
    expect([status, headers['content-length'], body]).toEqual([200, String(Buffer.byteLength(page.html)), ''])
  })

  it('listens to this machine only', () => {
    expect((server.address() as AddressInfo).address).toBe('127.0.0.1')
  })

  it('answers to its own names only', async () => {
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`]) {
      expect((await ask('/', { host })).status).toBe(200)
    }
    const foreign = [
      'evil.example',
      `evil.example:${port}`,
      '127.0.0.1',
      `127.0.0.1:${port + 1}`,
      `localhost:${port}.evil.example`,
    ]
    for (const host of foreign) {
      const { status, body } = await ask('/', { host })
      expect([host, status]).toEqual([host, 403])
      expect(body).not.toContain('<')
    }
  })

  it('does not choose between two names', async () => {
    const good = `Host: 127.0.0.1:${port}`
    expect(await send(`GET / HTTP/1.1\r\n${good}\r\nConnection: close\r\n\r\n`)).toContain('200 OK')
    for (const hosts of [`${good}\r\nHost: evil.example`, `Host: evil.example\r\n${good}`]) {
      expect(await send(`GET / HTTP/1.1\r\n${hosts}\r\nConnection: close\r\n\r\n`)).toMatch(
        /^HTTP\/1.1 40[03] /,
      )
    }
    expect(await send('GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1.1 40[03] /)
  })

  it('answers to no page from elsewhere', async () => {
    for (const origin of [`http://127.0.0.1:${port}`, `http://localhost:${port}`]) {
      expect((await ask('/', { origin })).status).toBe(200)
    }
    for (const origin of [
      'https://evil.example',
      `https://127.0.0.1:${port}`,
      `http://127.0.0.1:${port + 1}`,
      'null',
    ]) {
      const { status, headers } = await ask('/', { origin })
      expect([origin, status]).toEqual([origin, 403])
      expect(headers).not.toHaveProperty('access-control-allow-origin')
    }
  })

  it('can only be read', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const { status, headers } = await ask('/', {}, method)
      expect([method, status, headers.allow]).toEqual([method, 405, 'GET, HEAD'])
    }
  })

  it('has nothing but the page', async () => {
    const paths = [
      '/package.json',
      '/main.ts',
      '/../package.json',
      '/%2e%2e/package.json',
      '//',
      '/./',
      '/index.html/',
      '/favicon.ico',
    ]
    for (const path of [...paths, `http://127.0.0.1:${port}/`]) {
      expect([path, (await ask(path)).status]).toEqual([path, 404])
    }
  })

  it('says what the page may do', async () => {
    const { headers } = await ask('/')
    expect(headers).toMatchObject({
      'content-security-policy': `${page.policy}; frame-ancestors 'none'`,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
  })
})

describe('the page as one file', () => {
  const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

  it('runs its own script and style, and nothing else', () => {
    const { html, policy } = page
    const scripts = [...html.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map(([, text]) => hashOf(text!))
    const styles = [...html.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/g)].map(([, text]) => hashOf(text!))
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain(`script-src ${scripts.join()};`)
    expect(policy).toContain(`style-src ${styles.join()};`)
    expect(policy).not.toContain('unsafe')
    expect(html).toContain(`<meta http-equiv="Content-Security-Policy" content="${policy}" />`)
  })

  it('refers to nothing outside of it', () => {
    const markup = page.html.replace(/<script[\s\S]*<\/script>/, '')
    expect(markup).not.toMatch(/https?:|\bsrc=|@import|url\(/)
    expect(page.html).not.toMatch(/<!-- (policy|style|script) -->/)
  })
})
