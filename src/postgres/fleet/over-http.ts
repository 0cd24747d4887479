import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FleetRequest as Asked } from '../../fleet/actor-fleet.ts'
import { reportUnhandled } from '../../operators/reached.ts'
import { configError } from '../../vocabulary/error-of.ts'
import { AlarmError, type AlarmErrorCode } from '../../vocabulary/errors.ts'
import { given } from '../../vocabulary/given.ts'
import { timerMilliseconds } from '../../vocabulary/milliseconds.ts'
import { fieldOf } from '../../vocabulary/safe-field.ts'
import type { Forward } from './forward.ts'
import { answerOnNode } from './on-node.ts'

/** A request as it comes to a process, with the one that it is meant for. */
export type Served = Asked & { readonly owner?: string }

/** How requests go to other processes. */
export interface HttpForwardOptions {
  /** ms for an answer; default 15 s */
  readonly timeout?: number
  /** requests at a time, to all processes: more are refused at once (`ALARM_STORAGE_UNREACHABLE`), as they could only wait; default 1,000 */
  readonly concurrency?: number
  /** what the other one knows this process by: its headers */
  headers?(): Readonly<Record<string, string>> | PromiseLike<Readonly<Record<string, string>>>
}

/** What answers them. */
export interface HttpHandlerOptions {
  /** whether a request comes from a process of the fleet: anything else may change any actor */
  authorize(request: Request): boolean | PromiseLike<boolean>
  /** bytes of a request; default 1 MB */
  readonly limit?: number
}

const thrownThere = new WeakSet<object>() // by operations
const PATH = '/nolater/change'
const MEGABYTE = 1 << 20

/**
 * Sends requests to `address` + /nolater/change, where `fleetHandler` answers them: what is given to `postgresFleet` as `forward`.
 *
 * Rejects with what the other process says; with `ALARM_STORAGE_UNREACHABLE` (`passes`) where it is not known whether that has done it, or where
 * as many are under way as there may be.
 *
 * ```ts
 * const forward = forwardOverHttp({ headers: () => ({ authorization: 'a secret of the fleet' }) })
 * ```
 */
export function forwardOverHttp(options: HttpForwardOptions = {}): Forward {
  const { concurrency = 1_000, headers = () => ({}) } = options
  const timeout = timerMilliseconds('timeout', options.timeout ?? 15_000)
  let underWay = 0
  return async ({ address, ...request }) => {
    if (underWay >= concurrency) throw crowded(concurrency)
    underWay++
    try {
      const response = await fetch(address.replace(/\/+$/, '') + PATH, {
        method: 'POST',
        headers: { ...(await headers()), 'content-type': 'application/json' },
        body: JSON.stringify(request),
        signal: AbortSignal.timeout(timeout),
        redirect: 'error',
      })
      return await readAnswer(response, address)
    } catch (error) {
      if (error instanceof AlarmError || thrownThere.has(error as object)) throw error
      throw new AlarmError(
        'ALARM_STORAGE_UNREACHABLE',
        `The process at ${given(address)} did not answer, so that it is not known whether the change of ${given(request.key)} was done. With an id it may be asked for again.`,
        { cause: error, counted: false, passes: true },
      )
    } finally {
      underWay--
    }
  }
}

async function readAnswer(response: Response, address: string): Promise<unknown> {
  const answer: unknown = await response.json()
  if (response.ok && isObject(answer) && 'result' in answer) return answer.result
  const error = fieldOf(answer, 'error')
  if (response.ok || !isObject(error))
    throw new Error(`it answered ${response.status}, not as a process of a fleet does`)
  const { name, code, message, passes } = error
  const text = typeof message === 'string' ? message : 'It failed.'
  if (typeof code !== 'string' || !code.startsWith('ALARM_')) {
    const own = Object.assign(new Error(text), {
      ...(typeof name === 'string' && { name }),
      ...(code !== undefined && { code }),
    })
    thrownThere.add(own)
    throw own
  }
  throw new AlarmError(code as AlarmErrorCode, text, {
    counted: false,
    passes: passes === true,
    cause: new Error(`thrown at ${address}`),
  })
}

/** Answers a Request with a Response, as servers of today take it; or is the listener of a server of Node. */
export interface FleetHandler {
  (request: Request): Promise<Response>
  (request: IncomingMessage, response: ServerResponse): void
}

/**
 * Answers the requests of other processes of a fleet, at the path /nolater/change and at no other.
 *
 * ```ts
 * const fleet = await postgresFleet({ connectionString: 'postgres://localhost/app', handler: ({ key }) => wake(key) })
 * const authorize = ({ headers }: Request) => headers.get('authorization') === 'a secret of the fleet'
 * createServer(fleetHandler(fleet, { authorize })).listen(8001)
 * ```
 */
export function fleetHandler(
  fleet: { serve(request: Served): PromiseLike<unknown> },
  options: HttpHandlerOptions,
): FleetHandler {
  const { authorize, limit = MEGABYTE } = options ?? {}
  if (typeof authorize !== 'function') throw configError('authorize', 'a function of a Request', authorize)

  async function answer(request: Request): Promise<Response> {
    if (request.method !== 'POST' || new URL(request.url).pathname !== PATH)
      return refused(404, 'There is nothing here.')
    if (!(await authorize(request))) return refused(403, 'This is for processes of the fleet.')
    const text = await textOf(request, limit)
    if (text === null) return refused(413, `A request has ${limit} bytes at most.`)
    const asked = readRequest(text)
    if (asked === null) return refused(400, 'A request is { key, operation, input, id? } as JSON.')
    try {
      return Response.json({ result: (await fleet.serve(asked)) ?? null })
    } catch (error) {
      const [name, code, message] = ['name', 'code', 'message'].map((field) => textIn(error, field))
      const passes = fieldOf(error, 'passes') === true
      return Response.json(
        { error: { name, code, message: message ?? 'It failed.', passes } },
        { status: code === 'ALARM_FENCED' ? 409 : 500 }, // not 421, which fetch itself asks for once more
      )
    }
  }

  return ((request: Request | IncomingMessage, response?: ServerResponse) => {
    if (request instanceof Request) return answer(request)
    return void answerOnNode(answer, request, response as ServerResponse).catch((error) => {
      response?.destroy() // it was cut, or is no request
      reportUnhandled(error)
    })
  }) as FleetHandler
}

/** Its text, `null` where that is too long. */
async function textOf(request: Request, limit: number): Promise<string | null> {
  if (Number(request.headers.get('content-length') ?? 0) > limit) return null
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of request.body ?? []) {
    size += part.length
    if (size > limit) return null
    parts.push(part)
  }
  return new TextDecoder().decode(Buffer.concat(parts))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function textIn(error: unknown, field: string): string | undefined {
  const value = fieldOf(error, field)
  return typeof value === 'string' ? value : undefined
}

function readRequest(text: string): Served | null {
  try {
    const { key, operation, input, id, owner } = JSON.parse(text) as Record<string, unknown>
    const isText = (value: unknown): value is string | undefined =>
      value === undefined || typeof value === 'string'
    if (typeof key !== 'string' || typeof operation !== 'string' || !isText(id) || !isText(owner)) return null
    return { key, operation, input, ...(id !== undefined && { id }), ...(owner !== undefined && { owner }) }
  } catch {
    return null
  }
}

function refused(status: number, message: string): Response {
  return Response.json({ error: { code: 'ALARM_CONFIG_INVALID', message } }, { status })
}

function crowded(concurrency: number): AlarmError {
  return new AlarmError(
    'ALARM_STORAGE_UNREACHABLE',
    `${concurrency} requests to other processes are under way, as many as there may be: ask for less, or give a greater concurrency.`,
    { counted: false, passes: true },
  )
}
