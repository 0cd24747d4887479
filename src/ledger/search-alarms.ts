import { checkNames, type Names } from '../vocabulary/check-names.ts'
import { configError } from '../vocabulary/error-of.ts'
import { checkKey } from '../vocabulary/key.ts'
import type { SearchOptions } from '../vocabulary/listed-alarm.ts'
import type { NextPage } from './alarm-list.ts'
import type { HeldAlarm } from './held-alarm.ts'
import { listedAs } from './list-alarms.ts'
import type { Pauses } from './pauses.ts'

/** What to read of the order of the keys. */
export interface KeyRange {
  readonly prefix: string
  /** `null`: from the beginning */
  readonly after: string | null
  readonly limit: number
}

/** Where what is looked for is held. */
export interface Searched {
  now(): number
  /** Begins to read what is held or was removed, in the order of the keys. */
  openRange(): (range: KeyRange) => PromiseLike<readonly HeldAlarm[]>
  pauses(): Pauses
}

const names: Names<SearchOptions> = { prefix: true, after: true, limit: true }
const PAGE = 500

/** Reads the order of the keys page by page. Throws `ALARM_CONFIG_INVALID` and `ALARM_KEY_INVALID` at once. */
export function searchAlarms(options: SearchOptions, { now, openRange, pauses }: Searched): () => NextPage {
  const { prefix, after = null, limit = Infinity } = checkSearch(options)

  return () => {
    const readRange = openRange()
    let last = after
    let left = limit
    let isOver = false

    return async () => {
      if (isOver || left === 0) return null
      const page = await readRange({ prefix, after: last, limit: PAGE })
      isOver = page.length < PAGE
      last = page.at(-1)?.key ?? last
      const standing = pauses()
      const found = page
        .filter(({ time }) => time !== null)
        .slice(0, left)
        .map((held) => listedAs(held, now(), standing))
      left -= found.length
      return found
    }
  }
}

function checkSearch(options: SearchOptions): SearchOptions {
  if (typeof options !== 'object' || options === null) {
    throw configError('The options of search', 'an object', options)
  }
  checkNames('search', options, names)
  const { prefix, after, limit } = options
  checkKey(prefix)
  if (after !== undefined && !checkKey(after).startsWith(prefix)) {
    throw configError('after', 'a key that begins with the prefix', after)
  }
  if (limit !== undefined && limit !== Infinity && !(Number.isSafeInteger(limit) && limit >= 0)) {
    throw configError('limit', 'a whole number of alarms, 0 or more', limit)
  }
  return options
}
