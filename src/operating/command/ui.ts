import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { alarmPage } from '../page/index.ts'
import { LEAST_TOKEN } from '../page/page-options.ts'
import { newToken } from '../page/secret.ts'
import type { Call } from './arguments.ts'
import { openOperator, openReader, targetName } from './open-target.ts'
import { jsonLine, type Terminal } from './terminal.ts'
import { EXIT, UsageError } from './usage.ts'

const PORT = 4_400
const LAST_PORT = 65_535
const LOOPBACK = /^(?:localhost|::1|127(?:\.\d{1,3}){3})$/

/** Serves the page until it is stopped. */
export async function ui(call: Call, terminal: Terminal): Promise<number> {
  const { target, options } = call
  const { port = PORT, host = '127.0.0.1', change, schema, journal, json } = options
  if (port > LAST_PORT) throw new UsageError(`--port is at most ${LAST_PORT}, given ${port}.`)
  const isOpen = !LOOPBACK.test(host)
  // One that is given as an argument is seen in the list of processes.
  const token = options.token ?? terminal.env.NOLATER_TOKEN ?? (isOpen ? newToken() : undefined)
  if (token !== undefined && token.length < LEAST_TOKEN) {
    throw new UsageError(
      `A token has ${LEAST_TOKEN} characters or more that cannot be guessed; given ${token.length}.`,
    )
  }
  if (journal !== undefined) {
    const { readJournal } = await import('../../sqlite/journal/read-journal.ts')
    readJournal({ file: journal, key: '' }) // throws where it cannot be read
  }
  const manager = await (change ? openOperator : openReader)(target, schema)
  try {
    const page = alarmPage(manager, {
      change,
      name: targetName(target),
      ...(token !== undefined && { token }),
      ...(journal !== undefined && { journal }),
      ...(isOpen && { hosts: [nameOf(host)] }),
    })
    const server = createServer(page)
    await listen(server, port, host)
    const url = urlOf(server, addressOf(host), token)
    terminal.out(json ? jsonLine({ url }) : `${url}\n`)
    if (!json)
      terminal.say(
        change ? 'It may change what is delivered. Ctrl+C ends it.\n' : 'It only reads. Ctrl+C ends it.\n',
      )
    if (!terminal.signal.aborted) await once(terminal.signal, 'abort')
    server.close()
    server.closeAllConnections() // an open page keeps one
    return EXIT.done
  } finally {
    await manager.close()
  }
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  try {
    server.listen(port, host)
    await once(server, 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') throw new UsageError(`Port ${port} is taken: --port 0 takes any that is free.`)
    throw error
  }
}

const isEvery = (host: string): boolean => host === '0.0.0.0' || host === '::'

/** What listens at every address is reached by the name of this machine. */
function nameOf(host: string): string {
  return isEvery(host) ? hostname() : inUrl(host)
}

/** Others may not know this machine by its name. */
function addressOf(host: string): string {
  if (!isEvery(host)) return inUrl(host)
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  return own.find(({ internal, family }) => !internal && family === 'IPv4')?.address ?? hostname()
}

function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function urlOf(server: Server, host: string, token: string | undefined): string {
  const { port } = server.address() as AddressInfo
  return `http://${host}:${port}/${token === undefined ? '' : `?token=${encodeURIComponent(token)}`}`
}
