import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import {
  catchError,
  defer,
  from,
  fromEvent,
  ignoreElements,
  map,
  mergeMap,
  type Observable,
  of,
  takeUntil,
  tap,
} from 'rxjs'
import type { Reminder } from './person.ts'
import type { Reminders } from './reminders.ts'

interface Answer {
  readonly status: number
  readonly body?: unknown
}

const LONGEST_BODY = 65_536

/** A request that cannot be served as it is. */
class BadRequest extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/**
 * The reminders as a web service:
 *
 *     GET    /people/ana/reminders
 *     PUT    /people/ana/reminders/tea      {"at": "2030-01-01T17:00:00Z", "text": "drink tea"}; `at` may be ms since the epoch, too
 *     DELETE /people/ana/reminders/tea
 *
 * Who hears 201 or 204 can rely on it: the answer leaves when the change is durable.
 */
export function reminderServer(reminders: Reminders): Server {
  const server = createServer()
  fromEvent<[IncomingMessage, ServerResponse]>(server, 'request', (...exchange) => exchange as never)
    .pipe(
      mergeMap(([request, response]) =>
        defer(() => route(request, reminders)).pipe(
          catchError((error: unknown) => of(refusal(error))),
          tap(({ status, body }) => {
            response.writeHead(status, { 'content-type': 'application/json' })
            response.end(body === undefined ? undefined : JSON.stringify(body))
          }),
          ignoreElements(),
          takeUntil(fromEvent(response, 'close')),
        ),
      ),
    )
    .subscribe()
  return server
}

function route(request: IncomingMessage, { set, cancel, list }: Reminders): Observable<Answer> {
  const { method, url = '' } = request
  const [, who, name] = /^\/people\/([^/?]+)\/reminders(?:\/([^/?]+))?$/.exec(url)?.map(decode) ?? []
  if (who === undefined) throw new BadRequest(404, 'There is nothing at this path.')
  if (method === 'GET' && name === undefined) {
    return list(who).pipe(map((body) => ({ status: 200, body })))
  }
  if (method === 'PUT' && name !== undefined) {
    return from(readReminder(name, request)).pipe(
      mergeMap((reminder) => set(who, reminder)),
      map((body) => ({ status: 201, body })),
    )
  }
  if (method === 'DELETE' && name !== undefined) {
    return cancel(who, name).pipe(map((was) => ({ status: was ? 204 : 404 })))
  }
  throw new BadRequest(405, 'This path has GET without a name, PUT and DELETE with one.')
}

function decode(part: string | undefined): string | undefined {
  try {
    return part && decodeURIComponent(part)
  } catch {
    throw new BadRequest(400, 'The path is not well-formed.')
  }
}

async function readReminder(name: string, request: IncomingMessage): Promise<Reminder> {
  let json = ''
  for await (const chunk of request.setEncoding('utf8')) {
    json += chunk
    if (json.length > LONGEST_BODY)
      throw new BadRequest(413, `A body has at most ${LONGEST_BODY} characters.`)
  }
  const { at, text } = parse(json)
  if (typeof text !== 'string') throw new BadRequest(400, 'A reminder has a text, a string.')
  return { name, text, at: typeof at === 'string' ? Date.parse(at) : (at as number) }
}

function parse(json: string): { at?: unknown; text?: unknown } {
  try {
    return Object(JSON.parse(json))
  } catch {
    throw new BadRequest(400, 'The body must be JSON: {"at": time, "text": string}.')
  }
}

// No time, no key, and what PostgreSQL calls a data exception or a limit exceeded.
const THEIRS = /^(ALARM_TIME_INVALID|ALARM_KEY_INVALID|(22|54)...)$/

/** What is wrong with the request is said; what is wrong with us passes, and may be tried again. */
function refusal(error: unknown): Answer {
  const { code = '', message } = error as Error & { code?: string }
  if (error instanceof BadRequest) return { status: error.status, body: { message } }
  return { status: THEIRS.test(code) ? 400 : 503, body: { code, message } }
}
