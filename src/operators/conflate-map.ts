import { defer, EMPTY, Observable, type ObservableInput, type OperatorFunction, Subscription } from 'rxjs'
import { type AsyncContext, currentContext } from './async-context.ts'
import { endInputs } from './end-inputs.ts'
import { fromUser } from './from-user.ts'
import { listen } from './listen.ts'
import { oneAtATime } from './one-at-a-time.ts'

/**
 * Maps values to Observables that run one at a time; while one runs, only the newest value waits.
 *
 * ```
 * source  --1--2--3------------4--|
 * save()  -------v|                      what one run does
 *         conflateMap((value) => save(value))
 * save    --1.......|----------4.......|    the runs
 *                   3.......|
 * result  ---------1-------3----------4|
 * ```
 *
 * Like `concatMap`, but a value that waits is replaced by a newer one, so there is never a backlog. What runs is never
 * cancelled, the last value is never lost, and the next one starts when the one before has completed and been torn down.
 * Where `project`'s Observable completes synchronously, so does its turn, also when it causes the next value itself: the
 * turns are a loop and no recursion. `index` counts the values that ran.
 *
 * Completes when the source has completed and the last value has run. An error, of the source or of what runs, passes at
 * once, when both have been unsubscribed; so does what `project` throws, and `ALARM_RETURN_INVALID` when it returns
 * nothing that can be subscribed.
 *
 * Gotcha: what runs and never completes holds everything after it; give it a `timeout`.
 *
 * ```ts
 * import { map, of, timer } from 'rxjs'
 * import { conflateMap } from 'nolater'
 *
 * const save = (draft: string) => timer(10).pipe(map(() => `saved ${draft}`))
 * of('a', 'ab', 'abc').pipe(conflateMap(save)).subscribe((saved) => console.log(saved)) // saved a, saved abc
 * ```
 */
export function conflateMap<T, R>(
  project: (value: T, index: number) => ObservableInput<R>,
): OperatorFunction<T, R> {
  return (source) =>
    new Observable((subscriber) => {
      const inputs = new Subscription()
      let waiting: { readonly value: T; readonly context: AsyncContext | null } | null = null
      let running = false
      let ended = false
      let index = 0

      function fail(error: unknown): void {
        endInputs(inputs, () => subscriber.error(error))
      }

      const settle = oneAtATime<R>(inputs, {
        next() {
          if (waiting === null) return null
          const { value, context } = waiting
          waiting = null
          running = true
          const run$ = defer(() => {
            const results$ = fromUser('project', () => project(value, index++))
            return inputs.closed ? EMPTY : results$ // `project` may have unsubscribed
          })
          return { run$, context }
        },
        value: (result) => subscriber.next(result),
        error: fail,
        idle() {
          running = false
          if (ended) endInputs(inputs, () => subscriber.complete())
        },
      })

      subscriber.add(inputs)
      listen(source, inputs, {
        next(value) {
          waiting = { value, context: running ? currentContext() : null }
          settle()
        },
        error: fail,
        complete() {
          ended = true
          settle()
        },
      })
    })
}
