import { checkNames, type Names } from '../vocabulary/check-names.ts'
import { configError } from '../vocabulary/error-of.ts'
import { checkKey } from '../vocabulary/key.ts'
import type { ListedAlarm, ListedState, ListOptions } from '../vocabulary/listed-alarm.ts'
import { checkTime } from '../vocabulary/time.ts'
import type { NextPage } from './alarm-list.ts'
import { type HeldAlarm, isFailed } from './held-alarm.ts'
import { isPaused, type Pauses } from './pauses.ts'
import { failuresOf } from './redelivery.ts'

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
  /** all that is wanted was delivered once: others may be left out, or given */
  readonly begun: boolean
  /** those whose keys begin so are wanted: others may be left out, or given */
  readonly prefix: string
  /** not those at this time or after it */
  readonly before: number
  /** so many, or all that there are */
  readonly limit: number
}

/** Of those that were delivered once, so many at most are put into an order of their own. */
export const FEW = 10_000

/** What is due longest. */
export function firstDue(now: number): Excerpt {
  return { after: null, failed: false, begun: false, prefix: '', before: now + 1, limit: 1 }
}

/** What is held, in order. */
export type ReadExcerpt = (excerpt: Excerpt) => readonly HeldAlarm[] | PromiseLike<readonly HeldAlarm[]>

/** Where what is listed is held. */
export interface Listed {
  now(): number
  read(key: string): HeldAlarm | undefined | PromiseLike<HeldAlarm | undefined>
  openRead(): ReadExcerpt
  pauses(): Pauses | PromiseLike<Pauses>
}

const names: Names<ListOptions> = {
  key: true,
  state: true,
  dueBefore: true,
  after: true,
  limit: true,
  prefix: true,
}
const PAGE = 500
/** Those that only wait for their time are no such. */
const begunStates: readonly (ListedState | undefined)[] = ['delivering', 'backing-off']
/** What is due comes before them in the order. */
const laterStates: readonly (ListedState | undefined)[] = ['pending', 'backing-off']
const states: readonly ListedState[] = ['pending', 'due', 'delivering', 'backing-off', 'failed']

/** Reads the order page by page. Throws `ALARM_CONFIG_INVALID`, `ALARM_TIME_INVALID` and `ALARM_KEY_INVALID` at once. */
export function listAlarms(options: ListOptions, { now, read, openRead, pauses }: Listed): () => NextPage {
  const { key, state, dueBefore = Infinity, after, limit = Infinity, prefix = '' } = checkList(options)
  const failed = state === undefined ? null : state === 'failed'
  const begun = begunStates.includes(state)

  return () => {
    const readExcerpt = openRead()
    let place = typeof after === 'object' ? { at: placeAt(after), key: after.key } : null
    let left = limit
    let isOver = false
    let standing: Pauses | null = null

    const chosen = (page: readonly HeldAlarm[]): readonly ListedAlarm[] => {
      const listed = page
        .map((held) => listedAs(held, now(), standing as Pauses))
        .filter((alarm) => (state === undefined || alarm.state === state) && alarm.key.startsWith(prefix))
        .slice(0, left)
      left -= listed.length
      return listed
    }
    const turn = (page: readonly HeldAlarm[], asked: number): readonly ListedAlarm[] => {
      const last = page.at(-1)
      if (last !== undefined) place = { at: placeAt(last), key: last.key }
      isOver = page.length < asked
      return chosen(page)
    }
    const readOn = (): ReturnType<NextPage> => {
      // What is looked for among others is not read one by one.
      const asked = prefix === '' && (state === undefined || failed) ? Math.min(PAGE, left) : PAGE
      const before = state === 'due' ? Math.min(dueBefore, now() + 1) : dueBefore
      return whenRead(readExcerpt({ after: place, failed, begun, prefix, before, limit: asked }), (page) =>
        turn(page, asked),
      )
    }
    const begin = (): ReturnType<NextPage> => {
      if (key !== undefined) {
        isOver = true
        return whenRead(read(key), (held) =>
          chosen(held === undefined || held.time === null || placeAt(held) >= dueBefore ? [] : [held]),
        )
      }
      if (after === undefined && place === null && laterStates.includes(state)) place = { at: now(), key: '' }
      if (typeof after !== 'string' || place !== null) return readOn()
      return whenRead(read(after), (held) => {
        if (held === undefined || held.time === null) {
          throw configError('after', 'an alarm that was listed, or the key of one that is held', after)
        }
        place = { at: placeAt(held), key: after }
        return readOn()
      })
    }
    return () => {
      if (isOver || left === 0) return null
      if (standing !== null) return begin()
      return whenRead(pauses(), (found) => {
        standing = found
        return begin()
      })
    }
  }
}

/** Goes on at once where what is read is in memory, or in a file. */
function whenRead<T, R>(
  asked: T | PromiseLike<T>,
  goOn: (found: T) => R | PromiseLike<R>,
): R | PromiseLike<R> {
  const isLater = typeof (asked as PromiseLike<T> | undefined)?.then === 'function'
  return isLater ? (asked as PromiseLike<T>).then(goOn) : goOn(asked as T)
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

/** An alarm that is held, for users. */
export function listedAs(held: HeldAlarm, now: number, pauses: Pauses): ListedAlarm {
  const { key, time, due, fence, counted, uncounted, lastError, holder, leasedUntil } = held
  const state = stateOf(held, now)
  return {
    key,
    time: time as number,
    due,
    state,
    fence,
    failures: state === 'failed' ? failuresOf(held, lastError) : counted + uncounted,
    lastError,
    paused: isPaused(pauses, key),
    lease: state === 'delivering' ? { holder: holder as string, until: leasedUntil as number } : null,
  }
}

export function stateOf(held: HeldAlarm, now: number): ListedState {
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
  checkNames('list', options, names)
  const { key, state, dueBefore, after, limit, prefix } = options
  if (key !== undefined) checkKey(key)
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
