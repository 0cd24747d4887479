import { configError } from '../vocabulary/error-of.ts'
import { checkKey } from '../vocabulary/key.ts'
import type { ListedAlarm, ListedState, ListOptions } from '../vocabulary/manager.ts'
import { checkTime } from '../vocabulary/time.ts'
import type { NextPage } from './alarm-list.ts'
import { type HeldAlarm, isFailed } from './held-alarm.ts'

/** Where an alarm stands in the order: by when it is due, a failed one by its time; then in an order of the ledger's own. */
export interface Place {
  readonly at: number
  readonly key: string
}

/** What to read of the order. */
export interface Excerpt {
  /** `null`: from the beginning */
  readonly after: Place | null
  /** those that have failed, or those that have not; `null`: both */
  readonly failed: boolean | null
  /** not those at this time or after it */
  readonly before: number
  /** so many, or all that there are */
  readonly limit: number
}

/** What is held, in order. */
export type ReadExcerpt = (excerpt: Excerpt) => readonly HeldAlarm[] | PromiseLike<readonly HeldAlarm[]>

const PAGE = 500
const states: readonly ListedState[] = ['pending', 'due', 'delivering', 'backing-off', 'failed']

/** Reads the order page by page. Throws `ALARM_CONFIG_INVALID`, `ALARM_TIME_INVALID` and `ALARM_KEY_INVALID` at once. */
export function listAlarms(
  options: ListOptions,
  now: () => number,
  placeOf: (key: string) => Place | null | PromiseLike<Place | null>,
  openRead: () => ReadExcerpt,
): () => NextPage {
  const { state, dueBefore = Infinity, after, limit = Infinity, prefix = '' } = checkList(options)
  const failed = state === undefined ? null : state === 'failed'

  return () => {
    const read = openRead()
    let place = typeof after === 'object' ? { at: placeAt(after), key: after.key } : null
    let left = limit
    let isOver = false

    const turn = (page: readonly HeldAlarm[], asked: number): readonly ListedAlarm[] => {
      const last = page.at(-1)
      if (last !== undefined) place = { at: placeAt(last), key: last.key }
      isOver = page.length < asked
      const listed = page
        .map((held) => listedAs(held, now()))
        .filter((alarm) => (state === undefined || alarm.state === state) && alarm.key.startsWith(prefix))
        .slice(0, left)
      left -= listed.length
      return listed
    }
    const readOn = (): ReturnType<NextPage> => {
      // What is looked for among others is not read one by one.
      const asked = prefix === '' && (state === undefined || failed) ? Math.min(PAGE, left) : PAGE
      const before = state === 'due' ? Math.min(dueBefore, now() + 1) : dueBefore
      const page = read({ after: place, failed, before, limit: asked })
      return 'then' in page ? page.then((later) => turn(later, asked)) : turn(page, asked)
    }
    const find = (found: Place | null): ReturnType<NextPage> => {
      if (found === null) {
        throw configError('after', 'an alarm that was listed, or the key of one that is held', after)
      }
      place = found
      return readOn()
    }
    return () => {
      if (isOver || left === 0) return null
      if (typeof after !== 'string' || place !== null) return readOn()
      const found = placeOf(after)
      return found !== null && 'then' in found ? found.then(find) : find(found)
    }
  }
}

/** When an alarm comes up in the order. */
export function placeAt({
  time,
  due,
}: {
  readonly time: number | null
  readonly due: number | null
}): number {
  return due ?? (time as number)
}

function listedAs(held: HeldAlarm, now: number): ListedAlarm {
  const { key, time, due, fence, counted, uncounted, lastError } = held
  return {
    key,
    time: time as number,
    due,
    state: stateOf(held, now),
    fence,
    failures: counted + uncounted,
    lastError,
  }
}

function stateOf(held: HeldAlarm, now: number): ListedState {
  const { due, begun, leasedUntil, counted, uncounted } = held
  if (isFailed(held)) return 'failed'
  if (leasedUntil !== null && leasedUntil > now) return 'delivering'
  if ((due as number) <= now) return 'due'
  return begun && counted + uncounted > 0 ? 'backing-off' : 'pending'
}

function checkList(options: ListOptions): ListOptions {
  if (typeof options !== 'object' || options === null) {
    throw configError('The options of list', 'an object', options)
  }
  const { state, dueBefore, after, limit, prefix } = options
  if (state !== undefined && !states.includes(state)) {
    throw configError('state', `one of ${states.join(', ')}`, state)
  }
  if (dueBefore !== undefined) checkTime(dueBefore)
  if (limit !== undefined && limit !== Infinity && !(Number.isSafeInteger(limit) && limit >= 0)) {
    throw configError('limit', 'a whole number of alarms, 0 or more', limit)
  }
  if (prefix !== undefined && typeof prefix !== 'string') {
    throw configError('prefix', 'the beginning of a key', prefix)
  }
  if (typeof after === 'string') checkKey(after)
  else if (after !== undefined) {
    checkKey(after?.key)
    checkTime(placeAt(after))
  }
  return options
}
