import { configError } from '../../vocabulary/error-of.ts'
import { AlarmError, type AlarmErrorCode } from '../../vocabulary/errors.ts'
import { given } from '../../vocabulary/given.ts'
import { timerMilliseconds } from '../../vocabulary/milliseconds.ts'
import { fieldOf } from '../../vocabulary/safe-field.ts'
import type { Forward } from './forward.ts'
import type { Request as Asked } from './operations.ts'

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

const PATH = '/nolater/change'
const MEGABYTE = 1 << 20

/** Sends requests to `address` + /nolater/change, where `fleetHandler` answers them. */
export function forwardOverHttp(options: HttpForwardOptions = {}): Forward {
  const { concurrency = 1_000, headers = () => ({}) } = options
  const timeout = timerMilliseconds('timeout', options.timeout ?? 15_000)
  let underWay = 0
  return async ({ address, ...request }) => {
    if (underWay >= concurrency) throw crowded(concurrency)
    underWay++
    try {
      const response = await fetch(new URL(PATH, address), {
        method: 'POST',
        headers: { ...(await headers()), 'content-type': 'application/json' },
        body: JSON.stringify(request),
        signal: AbortSignal.timeout(timeout),
        redirect: 'error',
      })
      return await readAnswer(response, address)
    } catch (error) {
      if (error instanceof AlarmError) throw error
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
  const answer: unknown = await response.json().catch(() => null)
  if (response.ok) return fieldOf(answer, 'result')
  const error = fieldOf(answer, 'error')
  const code = fieldOf(error, 'code')
  const message = fieldOf(error, 'message')
  throw Object.assign(
    new AlarmError(
      (typeof code === 'string' ? code : 'ALARM_STORAGE_UNREACHABLE') as AlarmErrorCode,
      typeof message === 'string' ? message : `The process at ${given(address)} answered ${response.status}.`,
      { counted: false },
    ),
  )
}

/** Answers the requests of other processes of a fleet: a function from a Request to a Response, as servers of today take it. */
export function fleetHandler(
  fleet: { serve(request: Asked): PromiseLike<unknown> },
  options: HttpHandlerOptions,
): (request: Request) => Promise<Response> {
  const { authorize, limit = MEGABYTE } = options ?? {}
  if (typeof authorize !== 'function') throw configError('authorize', 'a function of a Request', authorize)
  return async (request) => {
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
      const code = fieldOf(error, 'code')
      const isElsewhere = code === 'ALARM_FENCED'
      const message = fieldOf(error, 'message')
      return Response.json(
        {
          error: {
            ...(typeof code === 'string' && { code }),
            message: typeof message === 'string' ? message : 'It failed.',
          },
        },
        { status: isElsewhere ? 409 : 500 }, // not 421, which fetch itself asks for once more,
      )
    }
  }
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

function readRequest(text: string): Asked | null {
  try {
    const { key, operation, input, id } = JSON.parse(text) as Record<string, unknown>
    const isRight =
      typeof key === 'string' && typeof operation === 'string' && (id === undefined || typeof id === 'string')
    return isRight ? { key, operation, input, ...(id !== undefined && { id }) } : null
  } catch {
    return null
  }
}

function refused(status: number, message: string): Response {
  return Response.json({ error: { message } }, { status })
}

function crowded(concurrency: number): AlarmError {
  return new AlarmError(
    'ALARM_STORAGE_UNREACHABLE',
    `${concurrency} requests to other processes are under way, as many as there may be: ask for less, or give a greater concurrency.`,
    { counted: false, passes: true },
  )
}
