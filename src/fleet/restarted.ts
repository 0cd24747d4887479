import { type MonoTypeOperatorFunction, retry, type SchedulerLike, timer } from 'rxjs'

const FIRST = 1_000 // ms
const LONGEST = 10_000

/** What cannot pass by itself may be put right by hand: deliveries that end would leave all that is owned here undelivered. */
export function restarted<T>(
  scheduler: SchedulerLike,
  failed: (error: unknown) => void,
): MonoTypeOperatorFunction<T> {
  return retry<T>({
    resetOnSuccess: true,
    delay(error, tries) {
      failed(error)
      return timer(Math.min(FIRST * 2 ** (tries - 1), LONGEST), scheduler)
    },
  })
}
