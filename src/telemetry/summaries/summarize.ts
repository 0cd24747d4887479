import {
  asyncScheduler,
  interval,
  noop,
  Observable,
  type OperatorFunction,
  type SchedulerLike,
  Subscription,
} from 'rxjs'
import { endInputs } from '../../operators/end-inputs.ts'
import { listen } from '../../operators/listen.ts'
import { checkNames, type Names } from '../../vocabulary/check-names.ts'
import { configError } from '../../vocabulary/error-of.ts'
import { MAX_TIMER } from '../../vocabulary/milliseconds.ts'

/** How often there is a summary, and by which clock. */
export interface WindowOptions {
  /** ms from one summary to the next; default a minute */
  readonly window?: number
  /** the clock, and the timer of the windows; default asyncScheduler */
  readonly scheduler?: SchedulerLike
}

const names: Names<WindowOptions> = { window: true, scheduler: true }

/** When a window began and ended, by the clock, ms. */
export interface Window {
  readonly from: number
  readonly to: number
}

export interface Summary<In, Out> {
  add(value: In): void
  /** What was added since the last time. */
  take(): Out
}

/** What the summaries have in common: one for each window, the last one when the source completes. */
export function summarize<In, Out>(
  options: WindowOptions,
  open: () => Summary<In, Out>,
): OperatorFunction<In, Window & Out> {
  checkNames('A summary', options, names)
  const { window = 60_000, scheduler = asyncScheduler } = options
  if (typeof window !== 'number' || !(window > 0 && window <= MAX_TIMER)) {
    throw configError('window', `a number of milliseconds above 0, at most ${MAX_TIMER}`, window)
  }
  return (source) =>
    new Observable((subscriber) => {
      const inputs = new Subscription()
      const summary = open()
      let from = scheduler.now()

      function emit(): void {
        const past = { from, to: scheduler.now(), ...summary.take() }
        from = past.to
        subscriber.next(past)
      }

      function fail(error: unknown): void {
        endInputs(inputs, () => subscriber.error(error))
      }

      subscriber.add(inputs)
      listen(interval(window, scheduler), inputs, { next: emit, error: fail, complete: noop })
      listen(source, inputs, {
        next(value) {
          try {
            summary.add(value)
          } catch (error) {
            fail(error)
          }
        },
        error: fail,
        complete() {
          endInputs(inputs, () => {
            emit()
            subscriber.complete()
          })
        },
      })
    })
}
