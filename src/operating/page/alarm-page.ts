import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Answer, redirect, refuse, send } from './answer.ts'
import { openChanges } from './changing.ts'
import { documentOf } from './document.ts'
import { faultOf } from './faults.ts'
import { refuseForeign } from './guard.ts'
import { openLive } from './live.ts'
import { openLogin } from './login.ts'
import { checkPage, type PageManager, type PageOptions } from './page-options.ts'
import { readings } from './reading.ts'
import { secretFor } from './secret.ts'
import { type Action, actions } from './shapes.ts'

/** Answers a request for the page, or for what it asks for. */
export type PageHandler = (request: IncomingMessage, response: ServerResponse) => void

/**
 * Makes the operators' page of a manager, as a request handler for `node:http`, Express and the like: what is pending, due, failing and given
 * up, live.
 *
 * It reads, and answers this machine alone, until it is given more: `change` lets it retry, reschedule, discard, pause and resume; a `token`
 * opens it to other machines, by the names in `hosts`. Each request is checked for where it comes from (`Host`, `Origin`, `Sec-Fetch-Site`).
 * Throws `ALARM_CONFIG_INVALID`.
 *
 * Gotchas: a proxy has to pass `Host` on. Each open page keeps a connection, 32 at most, which `server.close()` waits for: end them with
 * `server.closeAllConnections()`.
 *
 * ```ts
 * import { createServer } from 'node:http'
 * import { alarmPage } from 'nolater/page'
 *
 * const server = createServer(alarmPage(manager)).listen(0, '127.0.0.1') // any port that is free
 * server.close()
 * ```
 */
export function alarmPage(manager: PageManager, options: PageOptions = {}): PageHandler {
  const checked = checkPage(manager, options)
  const csrf = secretFor('change', checked.token)
  const page = documentOf(checked.name, checked.can, csrf, checked.journal !== undefined)
  const login = openLogin(checked.token)
  const live = openLive(manager, checked)
  const change = openChanges(manager, checked, csrf)
  const reads = readings(manager, checked)

  /** `null`: it is answered as it goes on. */
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<Answer | null> {
    const { route, query } = placeOf(request, checked.path)
    const isPage = route === '' && request.method === 'GET'
    const refusal =
      refuseForeign(request, checked) ?? (isPage ? inFolder(request) : null) ?? login(request, isPage, query)
    if (refusal !== null) return refusal
    if (route === null) return refuse(404, 'There is no such page.')
    const isChange = (actions as readonly string[]).includes(route)
    const isRead = route === '' || route === 'live' || Object.hasOwn(reads, route)
    if (!isChange && !isRead) return refuse(404, 'There is no such page.')
    const method = isChange ? 'POST' : 'GET'
    if (request.method !== method) return refuse(405, `This is for ${method} alone.`, { allow: method })
    if (isChange) return change(request, route as Action)
    if (route === 'live') {
      live(response)
      return null
    }
    if (!isPage) return reads[route as keyof typeof reads](query)
    return { status: 200, type: 'text/html; charset=utf-8', body: page }
  }

  return (request, response) => {
    answer(request, response)
      .catch(faultOf)
      .then((answered) => answered && send(response, answered))
      .catch(() => response.destroy()) // it was answered in part
  }
}

/** What is asked for below the path of the page; a route of `null` is not below it. Nothing is decoded or climbed: what is no name of ours is none. */
function placeOf(
  { url = '' }: IncomingMessage,
  path: string,
): { route: string | null; query: URLSearchParams } {
  const [whole = '', search = ''] = url.split(/\?(.*)/s)
  const query = new URLSearchParams(search)
  if (whole === path) return { route: '', query }
  return { route: whole.startsWith(`${path}/`) ? whole.slice(path.length + 1) : null, query }
}

/** The page asks for all else in the folder that it is in, so that it is one: `/alarms` leads to `/alarms/`. */
function inFolder(request: IncomingMessage & { originalUrl?: unknown }): Answer | null {
  const { originalUrl = request.url } = request
  const [whole = '', search = ''] = String(originalUrl).split(/(?=\?)/)
  return whole.endsWith('/') ? null : redirect(308, `./${whole.slice(whole.lastIndexOf('/') + 1)}/${search}`)
}
