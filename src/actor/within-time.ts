import { asyncScheduler, EMPTY, Observable, type ObservableInput } from 'rxjs'
import { fromUser } from '../operators/from-user.ts'
import { reportUncaught } from '../operators/report-uncaught.ts'
import { timeoutError } from '../vocabulary/error-of.ts'
import { MAX_TIMER } from '../vocabulary/milliseconds.ts'
import type { SharedConfig } from './config.ts'

/**
 * Fails what a function of the config has returned where that has not ended within the config's `timeout`: it is unsubscribed first, so that
 * its turn is free again. Without a limit it is returned as it is.
 */
export function withinTime<T>(
  config: Pick<SharedConfig, 'timeout' | 'scheduler'>,
  name: string,
  input: ObservableInput<T>,
): ObservableInput<T> {
  const { timeout, scheduler = asyncScheduler } = config
  if (timeout === undefined || input === EMPTY) return input
  return new Observable((subscriber) => {
    const awaited = fromUser(name, () => input).subscribe({
      next: (value) => subscriber.next(value),
      error: (error) => subscriber.error(error),
      complete: () => subscriber.complete(),
    })
    if (subscriber.closed) return
    subscriber.add(awaited)
    const limit = scheduler.schedule(
      () => {
        reportUncaught(() => awaited.unsubscribe())
        subscriber.error(timeoutError(name, timeout))
      },
      Math.min(timeout, MAX_TIMER),
    )
    subscriber.add(limit)
  })
}
