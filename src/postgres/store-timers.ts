import type { ClientBase } from 'pg'
import { Observable, type SchedulerLike } from 'rxjs'
import type { DeliveryOutcome } from '../actor/delivery/outcome.ts'
import type { Wakeup } from '../actor/delivery/wakeup.ts'
import type { Alarm } from '../actor/open-alarm.ts'
import { type StoredTimer, storedTimer } from '../timers/listed-timer.ts'
import { checkPlan, type EveryOptions } from '../timers/series/check-plan.ts'
import { firstOfSeries, isInSeries, resumed, rowRules } from '../timers/series/series-rules.ts'
import type { TimesOf } from '../timers/series/series-times.ts'
import type { StoredTimerInfo, TimerListOptions } from '../timers/stored-timers.ts'
import { bounded, newTimer, type TimerRow, timerId } from '../timers/timer.ts'
import { isSpent } from '../timers/timer-rules.ts'
import type { Awaitable } from '../vocabulary/awaitable.ts'
import { checkNames } from '../vocabulary/check-names.ts'
import { configError } from '../vocabulary/error-of.ts'
import { AlarmError } from '../vocabulary/errors.ts'
import { checkKey } from '../vocabulary/key.ts'
import { timeCheckFor } from '../vocabulary/real-time.ts'
import { fieldOf } from '../vocabulary/safe-field.ts'
import { type AlarmTime, isBefore } from '../vocabulary/time.ts'
import { timeIn } from '../vocabulary/time-in.ts'
import type { Turns } from './store-turns.ts'
import { pack, type TimerTable } from './timer-table.ts'

/** Handles a timer, in the transaction in which it ends: what it does on the client is done exactly once. */
type Handler<T> = (timer: T, client: ClientBase) => unknown

/**
 * Named timers of one actor, by the thousand: each is a row beside its state, and the earliest of them is its alarm, in one transaction. Inside of
 * `commitWith` they belong to its transaction, and elsewhere to one of their own. See `StoredTimers` of `nolater/sqlite`, whose rules they have.
 */
export interface PostgresTimers {
  /** What the timer is set to; `null` if it is not, has failed or is paused. */
  get(name: string): Promise<AlarmTime>
  read<P = unknown>(name: string): Promise<StoredTimer<P> | null>
  list<P = unknown>(options?: TimerListOptions): Promise<readonly StoredTimer<P>[]>
  /** Resolves when it is durable, and the manager has it; inside of `commitWith` when its statement is done. The payload is JSON. */
  set(name: string, time: number | Date, options?: { readonly payload?: unknown }): Promise<void>
  setIn(name: string, ms: number, options?: { readonly payload?: unknown }): Promise<void>
  delete(name: string): Promise<boolean>
  deleteAll(prefix?: string): Promise<number>
  /** The same once more changes nothing. */
  every(name: string, options: Omit<EveryOptions, 'allowUnconfirmed'>): Promise<void>
  upcoming(name: string, count: number): Promise<readonly number[]>
  pause(name: string): Promise<boolean>
  resume(name: string): Promise<boolean>
  retry(name: string): Promise<boolean>
  discard(name: string): Promise<boolean>
  /**
   * Handles a wake-up in place of `alarm.deliver`: runs the handler for all timers that are due, one at a time, each in a transaction in which its timer
   * ends; then sets the alarm to the next one. A handler that fails is rolled back, and has retries and a back-off of its own; after the last one
   * its timer is kept as failed.
   *
   * Gotcha: the transaction is open, and has a connection, for as long as the handler takes.
   */
  deliver<P = unknown>(wakeup: Wakeup, handler: Handler<StoredTimerInfo<P>>): Awaitable<DeliveryOutcome>
  /** Likewise, with one call and one transaction for all that are due. */
  deliverBatch<P = unknown>(
    wakeup: Wakeup,
    handler: Handler<readonly StoredTimerInfo<P>[]>,
  ): Awaitable<DeliveryOutcome>
}

interface Parts {
  readonly table: TimerTable
  readonly turns: Turns
  readonly alarm: Alarm
  readonly timesOf: TimesOf
  readonly scheduler: SchedulerLike
}

const PAGE = 256

export function storeTimers({ table, turns, alarm, timesOf, scheduler }: Parts): PostgresTimers {
  const rules = rowRules(timesOf)
  const checkTime = timeCheckFor(alarm)
  const cutOff = new Map<number, string>() // timers whose handlers were, by their serials
  let running: { readonly alarm: number } | null = null

  const now = (): number => Math.ceil(scheduler.now())

  /** In the transaction whose function asks, or in one of its own. */
  async function within<T>(work: (client: ClientBase) => Promise<T>): Promise<T> {
    const open = turns.current
    return open === null ? turns.run(work) : work(open.client)
  }

  /** Changes rows, and asks for the alarm that they need, in the transaction that is open. */
  async function change<T>(client: ClientBase, work: () => Promise<T>): Promise<T> {
    const result = await work()
    await bound(client)
    await aim(client)
    return result
  }

  async function aim(client: ClientBase): Promise<void> {
    const due = await table.earliest(client)
    const standing = alarm.time ?? running?.alarm ?? null
    if (!(isBefore(due, standing) || (running === null && due !== standing))) return
    if (due === null) alarm.delete()
    else alarm.set(due)
  }

  async function bound(client: ClientBase): Promise<void> {
    for (let last = await table.latest(client); last !== undefined; last = await table.latest(client)) {
      const short = bounded(last, now())
      if (short === last) return
      await table.put(client, short)
    }
  }

  function set(name: string, at: number, options: { readonly payload?: unknown } = {}): Promise<void> {
    checkNames('What goes with a timer', options, { payload: true })
    const { payload } = options
    pack(checkKey(name), payload)
    return within((client) =>
      change(client, async () => {
        const serial = (await table.sets(client)) + 1
        await table.put(client, { ...newTimer(name, at, serial), payload })
      }),
    )
  }

  async function changeIf(
    name: string,
    isSo: (timer: TimerRow) => boolean,
    changed: (timer: TimerRow) => TimerRow | null,
  ): Promise<boolean> {
    checkKey(name)
    return within(async (client) => {
      await table.sets(client)
      const standing = await table.find(client, name)
      if (standing === undefined || !isSo(standing)) return false
      const next = changed(standing)
      await change(client, () => (next === null ? table.remove(client, name) : table.put(client, next)))
      return true
    })
  }

  const isFailed = (timer: TimerRow): boolean => storedTimer(timer).state === 'failed'
  const isPaused = (timer: TimerRow): boolean => timer.series?.paused === true

  const infoOf = (timer: TimerRow): StoredTimerInfo => {
    const { name, time, counted, payload } = timer
    return {
      id: timerId(timer),
      name,
      scheduledTime: time,
      retryCount: counted,
      isRetry: counted > 0,
      payload,
    }
  }

  const nowOf = ({ due }: TimerRow): number => Math.max(now(), due ?? 0)

  /** What is to be handled of these now; what is not is put aside. */
  async function begin(client: ClientBase, due: readonly TimerRow[]): Promise<TimerRow[]> {
    const begun: TimerRow[] = []
    for (const { name, serial } of due) {
      const standing = await table.find(client, name)
      if (standing?.serial !== serial) continue
      const { runs, timer } = isSpent(standing)
        ? { runs: false, timer: rules.givenUp(standing, nowOf(standing), (await table.sets(client)) + 1) }
        : rules.begin(standing, nowOf(standing))
      if (runs && timer !== null) begun.push(timer)
      else await keep(client, name, timer)
    }
    return begun
  }

  async function keep(client: ClientBase, name: string, timer: TimerRow | null): Promise<void> {
    if (timer === null) await table.remove(client, name)
    else await table.put(client, timer)
  }

  /** Calls a handler for some, in the transaction in which they end; where it fails, they have failed in one of their own. */
  async function handle(
    due: readonly TimerRow[],
    call: (all: readonly TimerRow[], client: ClientBase) => unknown,
  ) {
    let failure: { readonly error: unknown } | null = null
    try {
      await turns.run(async (client) => {
        await table.sets(client)
        const begun = await begin(client, due)
        if (begun.length === 0) return
        try {
          await call(begun, client)
        } catch (error) {
          failure = { error }
          throw error
        }
        await end(client, begun, null)
      })
    } catch (error) {
      if (failure === null) throw error
      await turns.run(async (client) => {
        await table.sets(client)
        await end(client, await begin(client, due), failure)
      })
    }
  }

  async function end(
    client: ClientBase,
    timers: readonly TimerRow[],
    failure: { readonly error: unknown } | null,
  ) {
    for (const timer of timers) {
      const standing = await table.find(client, timer.name)
      if (standing?.serial !== timer.serial) continue
      const serial = (await table.sets(client)) + 1
      const next =
        failure === null
          ? rules.succeeded(timer, standing, nowOf(timer), serial)
          : rules.failed(timer, standing, { error: failure.error, hasAbandon: false }, now(), serial)
      await keep(client, timer.name, next)
    }
  }

  async function handleDue(
    scheduledTime: number,
    isOver: () => boolean,
    each: (due: readonly TimerRow[]) => Promise<void>,
    most: number,
  ): Promise<void> {
    const own = { alarm: scheduledTime }
    running = own
    try {
      const until = Math.max(scheduledTime, now())
      const newest = await turns.run((client) => table.sets(client))
      for await (const due of pages(until, newest, most)) {
        if (isOver()) return
        for (const { serial, name } of due) cutOff.set(serial, name)
        await each(due)
        for (const { serial } of due) cutOff.delete(serial)
      }
      if (isOver()) return
      running = null
      await turns.run(aim)
    } catch (cause) {
      throw fieldOf(cause, 'counted') === false ? cause : notTheHandlers(cause)
    } finally {
      if (running === own) running = null
    }
  }

  /** Those that were due when it began, so many at a time; those that were cut off before come last. */
  async function* pages(until: number, newest: number, most: number): AsyncGenerator<readonly TimerRow[]> {
    const last: TimerRow[] = []
    let group: TimerRow[] = []
    let page: readonly TimerRow[]
    let place: TimerRow | null = null
    do {
      const after = place
      page = await turns.run((client) => table.due(client, until, after, PAGE))
      place = page.at(-1) ?? null
      for (const timer of page) {
        if (timer.serial > newest) continue
        if (cutOff.has(timer.serial)) last.push(timer)
        else if (group.push(timer) === most) {
          yield group
          group = []
        }
      }
    } while (page.length === PAGE)
    if (most > 1) yield [...group, ...last]
    else for (const timer of last) yield [timer]
  }

  function delivering(
    wakeup: Wakeup,
    handler: unknown,
    each: (due: readonly TimerRow[]) => Promise<void>,
    most: number,
  ): Awaitable<DeliveryOutcome> {
    if (typeof handler !== 'function') return alarm.deliver(wakeup, handler as never)
    return alarm.deliver(
      wakeup,
      ({ scheduledTime }) =>
        new Observable((subscriber) => {
          handleDue(scheduledTime, () => subscriber.closed, each, most).then(
            () => subscriber.complete(),
            (error) => subscriber.error(error),
          )
        }),
    )
  }

  return {
    async get(name) {
      const timer = await within((client) => table.find(client, checkKey(name)))
      return timer === undefined || timer.due === null ? null : timer.time
    },
    async read<P>(name: string) {
      const timer = await within((client) => table.find(client, checkKey(name)))
      return timer === undefined ? null : storedTimer<P>(timer)
    },
    async list<P>(options: TimerListOptions = {}) {
      checkNames('list', options, { prefix: true, state: true, by: true, limit: true, after: true })
      checkKey(options.prefix ?? '')
      return (await within((client) => table.list(client, options))).map((row) => storedTimer<P>(row))
    },
    set: async (name, time, options) => set(name, checkTime(time), options),
    setIn: async (name, ms, options) => set(name, timeIn(ms, scheduler.now()), options),
    delete: (name) =>
      changeIf(
        name,
        () => true,
        () => null,
      ),
    async deleteAll(prefix = '') {
      checkKey(prefix)
      return within((client) => change(client, () => table.removeAll(client, prefix)))
    },
    async every(name, options) {
      const plan = checkPlan(options)
      const { payload } = options
      pack(checkKey(name), payload)
      await within(async (client) => {
        const serial = (await table.sets(client)) + 1
        const standing = await table.find(client, name)
        const isSame =
          standing?.series !== undefined &&
          standing.series !== null &&
          JSON.stringify(checkedPlan(standing.series.plan)) === JSON.stringify(checkedPlan(plan))
        if (isSame && payload === undefined && standing.payload === undefined) return
        const first = isSame ? standing : firstOfSeries(name, serial, plan, now(), timesOf)
        if (first === null) throw configError('every', 'a plan with a time to come', options)
        await change(client, () => table.put(client, { ...first, payload }))
      })
    },
    async upcoming(name, count) {
      if (!Number.isSafeInteger(count) || count < 0) {
        throw configError('count', 'a whole number of times, 0 or more', count)
      }
      const timer = await within((client) => table.find(client, checkKey(name)))
      if (timer === undefined || !isInSeries(timer)) return []
      const times = timesOf(timer.series)
      const all: number[] = []
      for (let at = times.after(now()); at !== null && all.length < count; at = times.after(at)) all.push(at)
      return all
    },
    pause: (name) =>
      changeIf(
        name,
        (timer) => isInSeries(timer) && !isPaused(timer),
        (timer) =>
          isInSeries(timer) ? { ...timer, due: null, series: { ...timer.series, paused: true } } : timer,
      ),
    resume: (name) => changeIf(name, isPaused, (timer) => resumed(timer, now(), timesOf)),
    retry: (name) =>
      changeIf(name, isFailed, (timer) => ({
        ...timer,
        ...newTimer(name, timer.time, timer.serial),
        due: Math.max(timer.time, now()),
      })),
    discard: (name) => changeIf(name, isFailed, () => null),
    deliver: (wakeup, handler) =>
      delivering(
        wakeup,
        handler,
        (due) =>
          handle(due, ([timer], client) =>
            (handler as Handler<StoredTimerInfo>)(infoOf(timer as TimerRow), client),
          ),
        1,
      ),
    deliverBatch: (wakeup, handler) =>
      delivering(
        wakeup,
        handler,
        (due) =>
          due.length === 0
            ? Promise.resolve()
            : handle(due, (all, client) =>
                (handler as Handler<readonly StoredTimerInfo[]>)(all.map(infoOf), client),
              ),
        Number.POSITIVE_INFINITY,
      ),
  }
}

/** With its fields in one order. */
const checkedPlan = (plan: object): object =>
  Object.fromEntries(Object.entries(plan).sort(([a], [b]) => (a < b ? -1 : 1)))

function notTheHandlers(cause: unknown): AlarmError {
  return new AlarmError(
    'ALARM_COMMIT_FAILED',
    'The timers could not be read or saved, so their delivery stays open. Nothing is lost: answer the manager with this error and it ' +
      'delivers again.',
    { cause, counted: false },
  )
}
