import { isObservable, type Observable, Subscription } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { withTimerHeap } from '../marbles/clock/test-scheduler.ts'
import { type Running, runAtOnce, runByTurns } from '../marbles/clock/virtual-time.ts'
import { MarblesError } from '../marbles/index.ts'
import { isAlive, type MarbleRun, sourcesOf } from './marble-sources.ts'
import type { Letters } from './values.ts'
import { noPromises, virtually, virtuallyAsync } from './virtual-only.ts'

const DAY = 86_400_000

/** An Observable, or a function that makes one on the clock of the run. */
export type MarbleSubject<T> = Observable<T> | ((run: MarbleRun) => Observable<T>)

export type Notification =
  | { readonly at: number; readonly kind: 'next'; readonly value: unknown }
  | { readonly at: number; readonly kind: 'error'; readonly value: unknown }
  | { readonly at: number; readonly kind: 'complete' | 'unsubscribed' }

/** What was seen of an Observable, and what it left open. */
export interface Seen {
  readonly notifications: readonly Notification[]
  readonly open: readonly string[]
}

export interface RunPlan {
  /** ms at which the subscriber leaves; never, if `null` */
  readonly until: number | null
  /** ms that the diagram lasts; what is not over a day later never ends */
  readonly length: number
  /** as many as the diagram has */
  readonly columns: number
}

/** Subscribes in virtual time, and tells what came; throws `MARBLES_FAULT` where real time gets in. */
export function runObservable(subject: MarbleSubject<unknown>, plan: RunPlan, letters: Letters): Seen {
  const scheduler = withTimerHeap(new TestScheduler(() => {}))
  return virtually('observable', plan.columns, () =>
    runAtOnce(scheduler, () => beginObservable(scheduler, subject, plan, letters)),
  )
}

/** Likewise, and lets promises settle between all that happens. */
export function runObservableAsync(
  subject: MarbleSubject<unknown>,
  plan: RunPlan,
  letters: Letters,
): Promise<Seen> {
  const scheduler = withTimerHeap(new TestScheduler(() => {}))
  return virtuallyAsync('observable', plan.columns, () =>
    runByTurns(scheduler, () => beginObservable(scheduler, subject, plan, letters)),
  )
}

function beginObservable(
  scheduler: TestScheduler,
  subject: MarbleSubject<unknown>,
  { until, length }: RunPlan,
  letters: Letters,
): Running<Seen> {
  const sources = sourcesOf(scheduler, letters)
  const source = typeof subject === 'function' ? make(subject, sources.run) : subject
  if (!isObservable(source)) throw notAnObservable(source)

  const notifications: Notification[] = []
  const subscription = new Subscription()
  let open: string[] = []
  const ended = (): void => {
    // One step later: teardown has run by then.
    scheduler.schedule(() => {
      open = sources.openAt(scheduler)
    })
  }
  scheduler.schedule(() => {
    const at = (): number => scheduler.now()
    subscription.add(
      source.subscribe({
        next: (value) => notifications.push({ at: at(), kind: 'next', value }),
        error(value) {
          notifications.push({ at: at(), kind: 'error', value })
          ended()
        },
        complete() {
          notifications.push({ at: at(), kind: 'complete' })
          ended()
        },
      }),
    )
  })
  if (until !== null)
    scheduler.schedule(() => {
      const isOver = notifications.some(({ kind }) => kind !== 'next')
      subscription.unsubscribe()
      if (isOver) return
      notifications.push({ at: until, kind: 'unsubscribed' })
      ended()
    }, until)

  sources.begin()
  return {
    until: length + DAY,
    end() {
      if (open.length === 0 && [...scheduler.actions].some(isAlive))
        open = ['a timer is still running a day after the diagram']
      // What is left must not go on when the run ends.
      for (const action of [...scheduler.actions]) action.unsubscribe()
      return { notifications, open }
    },
  }
}

const readAsObservable =
  'This was read as a one-line diagram of an Observable. For an actor give lanes: `ask    5---`, a name and two spaces.'

function make(subject: (run: MarbleRun) => unknown, run: MarbleRun): unknown {
  try {
    return subject(run)
  } catch (error) {
    // What opens an actor on a config was given what makes Observables.
    const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
    if (code !== 'ALARM_CONFIG_INVALID') throw error
    throw new MarblesError('MARBLES_INVALID', `${readAsObservable} (${message})`)
  }
}

function notAnObservable(given: unknown): MarblesError {
  const isPromise = !isObservable(given) && typeof (given as PromiseLike<unknown> | null)?.then === 'function'
  const isActor = typeof given === 'object' && given !== null && ('alarm' in given || 'drained' in given)
  return new MarblesError(
    'MARBLES_INVALID',
    `Expected an Observable, or a function that returns one; given ${isPromise ? 'a promise' : typeof given}. ` +
      (isPromise ? noPromises : '') +
      (isActor ? readAsObservable : ''),
  )
}
