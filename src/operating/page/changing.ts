import type { IncomingMessage } from 'node:http'
import type { AlarmScope } from '../../vocabulary/alarm-scope.ts'
import { configError } from '../../vocabulary/error-of.ts'
import { type Answer, json, refuse } from './answer.ts'
import type { CheckedPage, PageManager } from './page-options.ts'
import { readBody } from './read-body.ts'
import { isSecret } from './secret.ts'
import type { Action } from './shapes.ts'

/** What a change says: a failed alarm under the fence that was shown, or which alarms to pause. */
type Asked = Readonly<Record<'key' | 'fence' | 'time' | 'scope', unknown>>

/** Changes what is asked for, where that is allowed and comes from the page itself. */
export function openChanges(
  manager: PageManager,
  { change, can }: Pick<CheckedPage, 'change' | 'can'>,
  csrf: string,
): (request: IncomingMessage, action: Action) => Promise<Answer> {
  return async (request, action) => {
    if (!change)
      return refuse(403, 'This page only reads. What is to be changed has to be allowed where it is started.')
    if (!can.includes(action)) return refuse(404, `This manager cannot ${action}.`)
    const refusal = refuseForged(request, csrf)
    if (refusal !== null) return refusal
    const asked = await bodyOf(request)
    if ('status' in asked) return asked
    const isDone = await perform(manager, action, asked)
    return isDone ? json({ done: true }) : refuse(409, missed(action))
  }
}

/** A form or a script of another page can send a request, but not with this header; and what it reads of this page is nothing. */
function refuseForged({ headers }: IncomingMessage, csrf: string): Answer | null {
  if (headers.origin === undefined) return refuse(403, 'A change says where it comes from: it has an Origin.')
  const given = headers['x-nolater']
  if (typeof given !== 'string' || !isSecret(given, csrf)) {
    return refuse(403, 'This page is older than what serves it. Load it again.')
  }
  if (!/^application\/json *(?:;|$)/i.test(headers['content-type'] ?? '')) {
    return refuse(415, 'A change is sent as application/json.')
  }
  return null
}

async function bodyOf(request: IncomingMessage & { body?: unknown }): Promise<Asked | Answer> {
  // A framework may have read and parsed it.
  const body = request.readableEnded ? request.body : parsed(await readBody(request))
  if (body === null) return refuse(413, 'A change is at most 16 KB.')
  if (typeof body !== 'object' || Array.isArray(body)) return refuse(400, 'A change is an object of JSON.')
  return { key: undefined, fence: undefined, time: undefined, scope: undefined, ...body }
}

function parsed(text: string | null): unknown {
  if (text === null) return null
  try {
    return JSON.parse(text) ?? undefined
  } catch {
    return undefined
  }
}

function perform(
  manager: PageManager,
  action: Action,
  { key, fence, time, scope }: Asked,
): PromiseLike<boolean> {
  if (action === 'pause' || action === 'resume') {
    // Without one all would be meant.
    if (scope === undefined) throw configError('scope', '{ key }, { prefix }, or {} for all', scope)
    return (manager[action] as NonNullable<PageManager['pause']>)(scope as AlarmScope)
  }
  if (fence === undefined) throw configError('fence', 'the fence that was shown', fence)
  const guard = { fence: fence as number }
  if (action === 'reschedule') {
    return (manager.reschedule as NonNullable<PageManager['reschedule']>)(
      key as string,
      time as number,
      guard,
    )
  }
  return (manager[action] as NonNullable<PageManager['retry']>)(key as string, guard)
}

function missed(action: Action): string {
  if (action === 'pause') return 'That is paused already.'
  if (action === 'resume') return 'That is not paused: a pause that is wider goes on.'
  if (action === 'retry')
    return 'It has changed since it was shown, or the process that has it may be at work: it must be silent for 30 s and gone from this machine, or silent for ten minutes.'
  return 'It has changed since it was shown: there is no failed alarm under that fence.'
}
