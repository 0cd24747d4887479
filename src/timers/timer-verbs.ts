import { type Confirmation, checkNames, type Names } from '../vocabulary/check-names.ts'
import { configError } from '../vocabulary/error-of.ts'
import { checkKey } from '../vocabulary/key.ts'
import type { TimeCheck } from '../vocabulary/real-time.ts'
import type { AlarmTime } from '../vocabulary/time.ts'
import { timeIn } from '../vocabulary/time-in.ts'
import { type StoredTimer, storedTimer } from './listed-timer.ts'
import { checkPlan, type EveryOptions } from './series/check-plan.ts'
import type { SeriesPlan } from './series/series.ts'
import { firstOfSeries, isInSeries, resumed } from './series/series-rules.ts'
import type { TimesOf } from './series/series-times.ts'
import { isSetTo, newTimer, type TimerRow } from './timer.ts'
import type { ListedRows, TimerListOptions, TimerOptions } from './timer-options.ts'

/** What keeps an actor's alarm at the earliest of its timers. */
export interface TimerKeeper {
  /** Its handler runs. */
  isRunning(timer: TimerRow): boolean
  /** Its handler has run, or may have: set once more, to the same time too, it is another timer. */
  isBegun(timer: TimerRow): boolean
  /** Changes the rows, and brings the alarm to the earliest of them. */
  change<T>(work: () => T, options?: Confirmation): T
  /** Nothing has changed, but what was asked unconfirmed is to be confirmed. */
  confirm(options?: Confirmation): void
  /** The alarm at that time may back off: then it is a new one, and otherwise no move. */
  renew(at: number, options?: Confirmation): void
}

/** What they are made of. */
interface VerbParts {
  readonly keeper: TimerKeeper
  readonly rows: ListedRows
  readonly timesOf: TimesOf
  /** the clock */
  readonly clock: () => number
  readonly checkTime: TimeCheck
}

/** All that timers in rows are asked for but to be handled. They need neither an engine nor RxJS. */
export function timerVerbs({ keeper, rows, timesOf, clock, checkTime }: VerbParts) {
  const now = (): number => Math.ceil(clock())
  const nextSerial = (): number => rows.sets() + 1

  function put(timer: TimerRow, options?: Confirmation): void {
    keeper.change(() => rows.put(timer, options), options)
  }

  function set(name: string, at: number, options: TimerOptions = {}): void {
    checkNames('What goes with a timer', options, timerNames)
    const standing = rows.find(checkKey(name))
    const asked = confirmationOf(options)
    const isPlain = options.payload === undefined && standing?.payload === undefined
    const isSame = standing !== undefined && isPlain && !isInSeries(standing) && isSetTo(standing, at)
    if (isSame && !keeper.isBegun(standing)) keeper.confirm(asked)
    else put({ ...newTimer(name, at, nextSerial()), payload: options.payload }, asked)
    keeper.renew(at, asked)
  }

  /** Changes a timer of which that is so; whether there was one. */
  function changeIf(
    name: string,
    isSo: (timer: TimerRow) => boolean,
    change: (timer: TimerRow) => TimerRow | null,
  ): boolean {
    const standing = rows.find(checkKey(name))
    if (standing === undefined || !isSo(standing)) return false
    const changed = change(standing)
    if (changed === null) keeper.change(() => rows.remove(name))
    else put(changed)
    return true
  }

  const isFailed = (timer: TimerRow): boolean => storedTimer(timer).state === 'failed'
  const isPaused = (timer: TimerRow): boolean => timer.series?.paused === true

  return {
    get(name: string): AlarmTime {
      const timer = rows.find(checkKey(name))
      return timer === undefined || timer.due === null || keeper.isRunning(timer) ? null : timer.time
    },
    read<P>(name: string): StoredTimer<P> | null {
      const timer = rows.find(checkKey(name))
      return timer === undefined ? null : storedTimer<P>(timer)
    },
    list<P>(options: TimerListOptions = {}): readonly StoredTimer<P>[] {
      checkNames('list', options, listNames)
      const { prefix = '', limit = Number.MAX_SAFE_INTEGER } = options
      checkKey(prefix)
      if (!(Number.isSafeInteger(limit) && limit >= 0)) {
        throw configError('limit', 'a whole number of timers, 0 or more', limit)
      }
      return rows.list({ ...options, prefix, limit }).map((row) => storedTimer<P>(row))
    },
    set: (name: string, time: number | Date, options?: TimerOptions): void =>
      set(name, checkTime(time), options),
    setIn: (name: string, ms: number, options?: TimerOptions): void =>
      set(name, timeIn(ms, clock()), options),
    delete(name: string, options?: Confirmation): boolean {
      checkNames('delete', options, { allowUnconfirmed: true })
      if (rows.find(checkKey(name)) === undefined) return false
      keeper.change(() => rows.remove(name, options), options)
      return true
    },
    deleteAll(prefix = '', options?: Confirmation): number {
      checkNames('deleteAll', options, { allowUnconfirmed: true })
      const all = rows.list({ prefix: checkKey(prefix), limit: Number.MAX_SAFE_INTEGER })
      if (all.length === 0) return 0
      keeper.change(() => {
        for (const { name } of all) rows.remove(name, options)
      }, options)
      return all.length
    },
    every(name: string, options: EveryOptions): void {
      const plan = checkPlan(options)
      const standing = rows.find(checkKey(name))
      const asked = confirmationOf(options)
      const { payload } = options
      if (standing !== undefined && isInSeries(standing) && isSamePlan(standing.series.plan, plan)) {
        if (payload === undefined && standing.payload === undefined) keeper.confirm(asked)
        else put({ ...standing, payload }, asked)
        return
      }
      const first = firstOfSeries(name, nextSerial(), plan, now(), timesOf)
      if (first === null) throw configError('every', 'a plan with a time to come', options)
      put({ ...first, payload }, asked)
    },
    upcoming(name: string, count: number): readonly number[] {
      const timer = rows.find(checkKey(name))
      if (!Number.isSafeInteger(count) || count < 0) {
        throw configError('count', 'a whole number of times, 0 or more', count)
      }
      if (timer === undefined || !isInSeries(timer)) return []
      const times = timesOf(timer.series)
      const all: number[] = []
      for (let at = times.after(now()); at !== null && all.length < count; at = times.after(at)) all.push(at)
      return all
    },
    pause: (name: string): boolean =>
      changeIf(
        name,
        (timer) => isInSeries(timer) && !isPaused(timer),
        (timer) =>
          isInSeries(timer) ? { ...timer, due: null, series: { ...timer.series, paused: true } } : timer,
      ),
    resume: (name: string): boolean => changeIf(name, isPaused, (timer) => resumedNow(timer)),
    retry: (name: string): boolean =>
      changeIf(name, isFailed, (timer) => ({
        ...timer,
        ...newTimer(name, timer.time, timer.serial),
        due: Math.max(timer.time, now()),
      })),
    discard: (name: string): boolean => changeIf(name, isFailed, () => null),
  }

  /** Its handler may be at work still: then it goes on from there. */
  function resumedNow(timer: TimerRow): TimerRow | null {
    if (!isInSeries(timer) || !keeper.isRunning(timer)) return resumed(timer, now(), timesOf)
    return { ...timer, due: timer.time, series: { ...timer.series, paused: false } }
  }
}

function confirmationOf({ allowUnconfirmed }: TimerOptions): Confirmation | undefined {
  return allowUnconfirmed === undefined ? undefined : { allowUnconfirmed }
}

const isSamePlan = (a: SeriesPlan, b: SeriesPlan): boolean => JSON.stringify(a) === JSON.stringify(b)

const timerNames: Names<TimerOptions> = { payload: true, allowUnconfirmed: true }
const listNames: Names<TimerListOptions> = { prefix: true, state: true, by: true, limit: true, after: true }
