/** A manager in one page: a row for each actor, one timer, and the whole contract of the port. The rows are in a Map; put your table there. */
import {
  type AlarmDelivery,
  AlarmFencedError,
  type AlarmManager,
  type AlarmTime,
  type DeliveryEvent,
  type LastError,
  type WriteInfo,
} from 'nolater'
import {
  asyncScheduler,
  defer,
  NEVER,
  Observable,
  type SchedulerLike,
  Subject,
  Subscription,
  startWith,
  switchMap,
  takeUntil,
  tap,
  timer,
} from 'rxjs'

/** What is held of one actor, also after its alarm is gone: a removal leaves its fence. */
interface Row {
  readonly time: AlarmTime
  readonly fence: number
  /** the fence of the write that set this time: the same alarm written once more is no new alarm */
  readonly setBy: number
  /** the time that was delivered and removed under this fence, so that its write arriving late does not revive it */
  readonly done: AlarmTime
  readonly counted: number
  readonly uncounted: number
  readonly lastError: LastError | null
  /** given up, and kept until a new alarm is written */
  readonly failed: boolean
  /** the end of the back-off */
  readonly rests: number
  /** a handler has it until then */
  readonly leased: number
}

const RETRIES = 6
const LONGEST_REST = 1_024_000
const noFailures = { counted: 0, uncounted: 0, rests: 0, lastError: null, failed: false }

export function mapManager(options: { scheduler?: SchedulerLike; lease?: number } = {}): AlarmManager {
  const { scheduler: clock = asyncScheduler, lease = 30_000 } = options
  const rows = new Map<string, Row>()
  const changed$ = new Subject<void>()

  function save(key: string, row: Row): void {
    rows.set(key, row)
    changed$.next()
  }

  return {
    write: (key, time, info) =>
      new Observable((subscriber) => {
        const held = rows.get(key)
        if (held !== undefined && info.fence < held.fence) {
          return subscriber.error(new AlarmFencedError(key, info.fence, held.fence))
        }
        save(key, written(held, time, info))
        subscriber.complete()
      }),

    deliveries: (handler, { concurrency = 100, abandon } = {}) =>
      new Observable<DeliveryEvent>((subscriber) => {
        const running = new Map<string, Subscription>()

        /** One timer, for the row that is due next; a longer one than a minute would trust the clock too much. */
        const due$ = changed$.pipe(
          startWith(null),
          switchMap(() => {
            if (running.size >= concurrency) return NEVER
            const next = Math.min(...[...rows.values()].map(dueOf))
            return timer(Math.min(Math.max(next - clock.now(), 0), 60_000), clock)
          }),
        )

        function takeWhatIsDue(): void {
          for (const [key, row] of rows) {
            if (running.size < concurrency && dueOf(row) <= clock.now()) take(key, row)
          }
          changed$.next() // sets the timer again
        }

        function take(key: string, row: Row): void {
          const { fence, setBy, counted: retryCount } = row
          const scheduledTime = row.time as number
          const id = `${setBy}-${scheduledTime}` // the same for each try, another one for an alarm that was set again
          const delivery: AlarmDelivery = { key, scheduledTime, fence, retryCount, id }
          const isGivenUp = row.counted > RETRIES
          const { lastError } = row
          const tell = (event: object): void =>
            subscriber.next({ at: clock.now(), ...delivery, ...event } as DeliveryEvent)

          const answer = (row: Row, event: object): void => {
            running.delete(key)
            save(key, { ...row, leased: 0 })
            tell(event)
          }
          // The store may still have it, so it is not forgotten.
          if (isGivenUp && abandon === undefined) {
            answer({ ...row, failed: true }, { kind: 'given-up', lastError })
            return
          }
          let kept: AlarmTime = null

          const run = new Subscription()
          running.set(key, run)
          rows.set(key, { ...row, leased: clock.now() + lease }) // durable before the handler begins
          if (!isGivenUp) tell({ kind: 'delivered', lateness: clock.now() - dueOf(row) })
          const work$ = isGivenUp
            ? defer(() => abandon!(key, scheduledTime, delivery)).pipe(tap((newer) => (kept = newer)))
            : defer(() => handler(delivery))
          const expired$ = timer(lease, clock).pipe(tap(() => answer(rows.get(key)!, { kind: 'expired' })))
          run.add(
            work$.pipe(takeUntil(expired$)).subscribe({
              complete() {
                if (run !== running.get(key)) return // the lease has ended
                const after = handled(rows.get(key)!, delivery, kept)
                if (isGivenUp) answer(after, { kind: 'abandoned', kept: after.time })
                else answer(after, { kind: 'done', removed: after.time === null })
              },
              error(error) {
                const held = rows.get(key)!
                const isCounted = !isGivenUp && error?.counted !== false
                // An alarm that was set meanwhile has no failures behind it.
                const isReplaced = held.setBy !== row.setBy || held.time !== row.time
                const after = isReplaced ? held : failed(held, error, isCounted, clock.now())
                const retryAt = isReplaced || after.counted > RETRIES ? null : after.rests
                answer(after, { kind: 'failed', error, counted: isCounted, retryAt })
              },
            }),
          )
        }

        subscriber.add(due$.subscribe(takeWhatIsDue))
        // What was taken is given back, for the next subscription.
        subscriber.add(() => {
          for (const [key, run] of running) {
            run.unsubscribe()
            save(key, { ...rows.get(key)!, leased: 0 })
          }
        })
      }),
  }
}

/** When to look at it next. */
function dueOf({ time, failed, rests, leased }: Row): number {
  return time === null || failed ? Infinity : Math.max(time, rests, leased)
}

function written(held: Row | undefined, time: AlarmTime, { fence, move }: WriteInfo): Row {
  const alarm = { ...noFailures, time, fence, setBy: fence, done: null, leased: 0 }
  if (held === undefined) return alarm
  if (fence === held.fence && (time === held.time || (time !== null && time === held.done))) return held
  if (move === 'same' && time !== null && time === held.time) return { ...held, fence }
  return { ...alarm, leased: held.leased }
}

/** Only the very write that was delivered is removed: any later one asks for a delivery of its own. */
function handled(held: Row, { fence, scheduledTime }: AlarmDelivery, kept: AlarmTime): Row {
  if (held.fence !== fence || held.time !== scheduledTime) return { ...held, ...noFailures }
  return { ...held, ...noFailures, time: kept, done: kept === null ? scheduledTime : null }
}

/** 2 s, doubling, up to a quarter more, at most 1024 s. What has no retry left is given up at once, by its next delivery. */
function failed(before: Row, error: unknown, isCounted: boolean, now: number): Row {
  const held = { ...before, lastError: lastErrorOf(error, now) }
  const isHopeless = before.counted <= RETRIES && (error as { retry?: unknown } | null)?.retry === false
  const counted = isHopeless ? RETRIES + 1 : held.counted + (isCounted ? 1 : 0)
  const uncounted = held.uncounted + (isCounted || isHopeless ? 0 : 1)
  if (isHopeless || (isCounted && counted > RETRIES)) return { ...held, counted, rests: 0 }
  const rest = 2_000 * 2 ** (counted + uncounted - 1) * (1 + Math.random() / 4)
  return { ...held, counted, uncounted, rests: now + Math.min(Math.round(rest), LONGEST_REST) }
}

/** Of any value that was thrown, and though its getters throw. */
function lastErrorOf(error: unknown, at: number): LastError {
  try {
    const { name, message } = error as Error
    return { name: String(name).slice(0, 100), message: String(message).slice(0, 1_000), at }
  } catch {
    return { name: 'Error', message: '', at }
  }
}
