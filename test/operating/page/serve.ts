import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { alarmPage, type PageManager, type PageOptions } from 'nolater/page'
import type { SqliteManager } from 'nolater/sqlite'
import { throwError } from 'rxjs'
import { onTestFinished } from 'vitest'
import { newManager } from '../../sqlite/files.ts'

export const HOUR = 3_600_000

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** What is asked of a page that is served. */
export interface Served {
  readonly port: number
  readonly server: Server
  ask(path: string, options?: AskOptions): Promise<Answer>
  /** as the page itself does it */
  change(action: string, body: unknown, headers?: Headers): Promise<Answer>
  /** Sends these very bytes; what comes back until the connection ends. */
  send(text: string): Promise<string>
}

type Headers = Readonly<Record<string, string | undefined>>

interface AskOptions {
  readonly method?: string
  readonly headers?: Headers
  readonly body?: string | Buffer
  /** of this machine */
  readonly to?: string
}

/** Serves the page of a manager, until the test ends; `seen` may do to a request what a framework would. */
export async function serve(
  manager: PageManager,
  options: PageOptions = {},
  {
    seen = () => {},
    listenTo = '127.0.0.1',
  }: { seen?: (request: IncomingMessage) => void; listenTo?: string } = {},
): Promise<Served> {
  const page = alarmPage(manager, options)
  const server = createServer((asked, response) => {
    seen(asked)
    page(asked, response)
  })
  await new Promise<void>((resolve) => server.listen(0, listenTo, resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo

  const ask: Served['ask'] = (path, { method = 'GET', headers = {}, body, to = '127.0.0.1' } = {}) =>
    new Promise((resolve, reject) => {
      const given = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined))
      const asked = request(
        { host: to, port, path, method, headers: given as Record<string, string>, agent: false },
        (response) => {
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (chunk) => (text += chunk))
          response.on('end', () =>
            resolve({ status: response.statusCode!, headers: response.headers, body: text }),
          )
        },
      )
      asked.on('error', reject)
      asked.end(body)
    })
  return {
    port,
    server,
    ask,
    async change(action, body, headers = {}) {
      const { body: html } = await ask('/', { headers: { cookie: headers.cookie } })
      const [, csrf = ''] = /data-csrf="([^"]+)"/.exec(html) ?? []
      return ask(`/${action}`, {
        method: 'POST',
        headers: {
          origin: `http://127.0.0.1:${port}`,
          'content-type': 'application/json',
          'x-nolater': csrf,
          ...headers,
        },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      })
    },
    send: (text) =>
      new Promise((resolve, reject) => {
        let answer = ''
        const socket = connect(port, '127.0.0.1', () => socket.write(text))
        socket.on('data', (chunk) => (answer += chunk))
        socket.on('close', () => resolve(answer))
        socket.on('error', reject)
      }),
  }
}

/** A manager with an alarm that is pending, one that is due, and one that was given up under fence 7. */
export async function threeAlarms(failedKey = 'failed'): Promise<SqliteManager> {
  const manager = newManager()
  const t0 = Date.now()
  const write = (key: string, time: number, fence = 1) =>
    manager.write(key, time, { key, move: 'later', fence, attempt: 1 })
  await write(failedKey, t0, 7)
  await new Promise<void>((resolve) => {
    const refused = Object.assign(new RangeError('no such <b>customer</b>'), { retry: false })
    const delivering = manager
      .deliveries(() => throwError(() => refused))
      .subscribe(({ kind }) => {
        if (kind !== 'given-up') return
        delivering.unsubscribe()
        resolve()
      })
  })
  await write('due', t0 - HOUR)
  await write('pending', t0 + HOUR / 2)
  return manager
}
