/** Every day at nine (UTC), on one alarm: after downtime once, not once a day missed. */
import type { Wakeup } from 'nolater'
import type { ActorStore } from 'nolater/sqlite'
import {
  asyncScheduler,
  concat,
  defer,
  EMPTY,
  map,
  type Observable,
  type ObservableInput,
  type SchedulerLike,
} from 'rxjs'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** The first nine o'clock after `now`. Put your cron library here. */
export function nextNine(now: number): number {
  const today = Math.floor(now / DAY) * DAY + 9 * HOUR
  return today > now ? today : today + DAY
}

export interface Daily {
  /** Begins, if it has not begun. */
  start(): void
  deliver(wakeup: Wakeup): Observable<unknown>
  abandon(key: string, scheduledTime: number, delivery?: Wakeup): Observable<number | null>
}

export function openDaily(
  store: ActorStore,
  work: () => ObservableInput<unknown>,
  clock: SchedulerLike = asyncScheduler,
): Daily {
  const { alarm } = store
  const setNext = (): void => alarm.set(nextNine(clock.now()))
  return {
    start() {
      if (alarm.time === null) setNext()
    },
    // Set at the end: a run that fails is tried again, and only then the next one is set.
    deliver: (wakeup) =>
      alarm.deliver(wakeup, () =>
        concat(
          defer(work),
          defer(() => {
            setNext()
            return EMPTY
          }),
        ),
      ),
    // A run that failed seven times must not end the series.
    abandon: (_, scheduledTime, delivery) =>
      defer(() => {
        setNext()
        const kept = alarm.abandon(scheduledTime, delivery)
        return alarm.confirmed().pipe(map(() => kept))
      }),
  }
}
