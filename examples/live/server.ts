import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from './build-page.ts'

const PATHS = ['/', '/index.html']

/** Serves the page and nothing else, to this machine and nobody else. Resolves when it listens; `port` 0 takes a free one. */
export function servePage({ html, policy }: Page, port: number): Promise<Server> {
  const body = Buffer.from(html)
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-length': body.length,
    'content-security-policy': `${policy}; frame-ancestors 'none'`,
    'cache-control': 'no-store',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  }
  const server = createServer((request, response) => {
    const refusal = refuse(request, (server.address() as AddressInfo).port)
    if (refusal !== null) {
      const [status, why] = refusal
      response.writeHead(status, {
        'content-type': 'text/plain',
        ...(status === 405 && { allow: 'GET, HEAD' }),
      })
      response.end(`${why}\n`)
      return
    }
    response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : body)
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}

/** A name that somebody else let point to this machine, or a page from elsewhere, gets nothing. */
function refuse({ headersDistinct, method, url }: IncomingMessage, port: number): [number, string] | null {
  const names = [`127.0.0.1:${port}`, `localhost:${port}`]
  const { host = [], origin = [] } = headersDistinct
  if (host.length !== 1 || !names.includes(host[0]!))
    return [403, 'This page is served to its own address only.']
  if (!origin.every((from) => names.some((name) => from === `http://${name}`))) {
    return [403, 'This page answers to itself only.']
  }
  if (method !== 'GET' && method !== 'HEAD') return [405, 'This page can only be read.']
  return PATHS.includes(url!.split('?')[0]!) ? null : [404, 'There is only one page here: /']
}
