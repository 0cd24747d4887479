import { filter, firstValueFrom, map, type Observable, take, takeUntil, tap, timer, toArray } from 'rxjs'
import { configError } from '../../vocabulary/error-of.ts'
import type { ListedAlarm, ListedState } from '../../vocabulary/listed-alarm.ts'
import { type Answer, json, refuse } from './answer.ts'
import type { CheckedPage, PageManager } from './page-options.ts'
import type { HourAnswer, ListAnswer } from './shapes.ts'

/** What is asked for by its URL alone; it changes nothing. */
export type Reading = (query: URLSearchParams) => Promise<Answer>

const ROWS = 50
const MOST_ROWS = 500
const PATIENCE = 2_000 // ms of a search
const [WIDTH, WIDEST] = [960, 4_000] // px
const WHICH = 'Which one? Give its key.'
const [HOUR, MINUTES] = [3_600_000, 60]

export function readings(
  manager: PageManager,
  { scheduler, journal }: Pick<CheckedPage, 'scheduler' | 'journal'>,
): Readonly<Record<'stats' | 'hour' | 'list' | 'alarm' | 'timeline', Reading>> {
  /** Those that are found in time. */
  async function found(alarms$: Observable<ListedAlarm>, limit: number): Promise<ListAnswer> {
    let cut = false
    const late$ = timer(PATIENCE, scheduler).pipe(tap(() => (cut = true)))
    const alarms = await firstValueFrom(
      alarms$.pipe(take(limit + 1), takeUntil(late$), map(withoutStack), toArray()), // one more: whether there is more
    )
    return { alarms: alarms.slice(0, limit), more: alarms.length > limit, cut }
  }

  /** In the order of the keys where the manager has that, or else as they are due, and the very key first. */
  async function search(prefix: string, query: URLSearchParams, limit: number): Promise<ListAnswer> {
    const after = query.get('after')
    const state = query.get('state')
    // Few are in another state, so that its order is gone through faster.
    if (manager.search !== undefined && (state === null || state === 'pending')) {
      const options = { prefix, ...(after !== null && { after }) }
      const isWanted = (alarm: ListedAlarm): boolean => state === null || alarm.state === state
      return found(manager.search(options).pipe(filter(isWanted)), limit)
    }
    const all = await found(manager.list({ ...asked(query), prefix }), limit)
    if (after !== null || state !== null || all.alarms.some(({ key }) => key === prefix)) return all
    const one = await found(manager.list({ key: prefix }), 1)
    return { ...all, alarms: [...one.alarms, ...all.alarms] }
  }

  return {
    stats: async () => json(await manager.stats()),
    hour: async () => {
      const hour = await nextHour(manager, scheduler.now())
      return hour === null ? refuse(404, 'This manager does not count by the minute.') : json(hour)
    },
    list: async (query) => {
      const prefix = query.get('prefix') ?? ''
      const limit = numberIn(query, 'limit') ?? ROWS
      if (!(limit >= 1 && limit <= MOST_ROWS)) throw configError('limit', `1 to ${MOST_ROWS}`, limit)
      return json(
        await (prefix === '' ? found(manager.list(asked(query)), limit) : search(prefix, query, limit)),
      )
    },
    alarm: async (query) => {
      const key = query.get('key')
      if (key === null) return refuse(400, WHICH)
      const alarms = await firstValueFrom(manager.list({ key }).pipe(toArray()))
      return json({ alarm: alarms[0] ?? null })
    },
    timeline: async (query) => {
      if (journal === undefined) return refuse(404, 'This page was given no journal.')
      const key = query.get('key')
      if (key === null) return refuse(400, WHICH)
      const width = numberIn(query, 'width') ?? WIDTH
      if (!(width <= WIDEST)) throw configError('width', `a whole number up to ${WIDEST}`, width)
      const { timelineOf } = await import('./timeline.ts') // for those that have a journal
      return json(timelineOf(journal, key, width))
    },
  }
}

/** How many are due in each minute of the next hour; `null` where the manager does not say. */
export async function nextHour(manager: PageManager, from: number): Promise<HourAnswer | null> {
  const counts = await manager.countDue?.({ from, until: from + HOUR, parts: MINUTES })
  return counts === undefined ? null : { from, counts }
}

function asked(query: URLSearchParams): NonNullable<Parameters<PageManager['list']>[0]> {
  const [state, after, at] = [query.get('state'), query.get('after'), numberIn(query, 'at')]
  return {
    ...(state !== null && { state: state as ListedState }), // `list` refuses what is none
    ...(after !== null && { after: at === undefined ? after : { key: after, time: at, due: at } }),
  }
}

function numberIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  return text === null ? undefined : /^\d+$/.test(text) ? Number(text) : Number.NaN
}

/** A page of stacks would be 200 KB. */
function withoutStack({ lastError, ...alarm }: ListedAlarm): ListedAlarm {
  if (lastError === null) return { ...alarm, lastError }
  const { stack: _, ...rest } = lastError
  return { ...alarm, lastError: rest }
}
