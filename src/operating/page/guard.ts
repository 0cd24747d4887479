import type { IncomingMessage } from 'node:http'
import { type Answer, refuse } from './answer.ts'
import type { CheckedPage } from './page-options.ts'

/** Refuses what does not come from this page, or does not come by one of its names; `null`: it may be answered. */
export function refuseForeign(
  request: IncomingMessage,
  { token, hosts }: Pick<CheckedPage, 'token' | 'hosts'>,
): Answer | null {
  const { headersDistinct, socket } = request
  const { host: named = [] } = headersDistinct
  const [host = ''] = named
  if (named.length !== 1 || !isOwnName(host.toLowerCase(), hosts, socket.localAddress)) {
    return refuse(403, 'This page has another name. Ask for it by its address, or give this name in hosts.')
  }
  if (token === undefined && !isLoopback(socket.remoteAddress)) {
    return refuse(403, 'Without a token this page is for the machine that it runs on.')
  }
  if (isFromElsewhere(request, host)) return refuse(403, 'This page answers to itself alone.')
  return null
}

/** A name that another's DNS can let point here must not do: a page of that name would be of the same origin. */
function isOwnName(host: string, hosts: readonly string[], localAddress: string | undefined): boolean {
  const name = host.replace(/:\d+$/, '')
  const own = ['localhost', '127.0.0.1', '[::1]']
  if (localAddress !== undefined) own.push(addressInUrl(localAddress))
  return own.includes(name) || hosts.includes(name) || hosts.includes(host)
}

function addressInUrl(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '').replace(/%.*$/, '')
  return plain.includes(':') ? `[${plain}]` : plain
}

/** Without an address it came through a socket of this machine. */
function isLoopback(address = '::1'): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address)
}

/** Another port of this machine is another origin of the same site: the site alone says nothing. */
function isFromElsewhere(request: IncomingMessage, host: string): boolean {
  const { origin = [], 'sec-fetch-site': [site] = [] } = request.headersDistinct
  const isOwnOrigin = (from: string): boolean => from === `http://${host}` || from === `https://${host}`
  if (!origin.every(isOwnOrigin)) return true
  return site !== undefined && site !== 'same-origin' && site !== 'none' && !isLink(request)
}

/** A link that was followed: it shows the page, and the page it comes from sees nothing of it. */
export function isLink({ method, headers }: IncomingMessage): boolean {
  return (
    method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  )
}
