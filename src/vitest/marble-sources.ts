import type { Observable, SchedulerLike, Subscription } from 'rxjs'
import type { TestScheduler } from 'rxjs/testing'
import { MarblesError } from '../marbles/index.ts'
import { type Diagram, kinds, readDiagram } from './read-diagram.ts'
import { areThemselves, type Letters, type Values } from './values.ts'

/** When a source was subscribed to and unsubscribed from, ms. */
export interface SubscriptionLog {
  readonly subscribedFrame: number
  readonly unsubscribedFrame: number
}

/** A source that a diagram scripts; `toHaveSubscriptions` says when it was subscribed to. */
export interface MarbleSource<T> extends Observable<T> {
  readonly subscriptions: readonly SubscriptionLog[]
}

type ValueOf<V> = V extends Values ? Exclude<V[keyof V], undefined> : string

/** What a run lends to the function that makes the Observable. */
export interface MarbleRun {
  /** plays its diagram to every subscriber from the moment at which it subscribes */
  cold<V extends Values | undefined = undefined>(
    marbles: string,
    values?: V,
    error?: unknown,
  ): MarbleSource<ValueOf<V>>
  /** plays its diagram once for all, from the start of the run, or from `^` */
  hot<V extends Values | undefined = undefined>(
    marbles: string,
    values?: V,
    error?: unknown,
  ): MarbleSource<ValueOf<V>>
  /** ms up to the `|` */
  time(marbles: string): number
  /** the clock of the run; what takes no scheduler is on it too */
  readonly scheduler: SchedulerLike
}

/** The sources of one run, and what they and others leave open. */
export function sourcesOf(scheduler: TestScheduler, letters: Letters) {
  const made: { label: string; source: MarbleSource<unknown> }[] = []
  let scripted = new Set<unknown>()
  const make =
    (name: 'cold' | 'hot') =>
    (marbles: string, values?: Values, error?: unknown): MarbleSource<never> => {
      const diagram = readDiagram(marbles, kinds[name])
      letters.use(marbles, diagram, values)
      const source = name === 'cold' ? scheduler.createColdObservable('') : scheduler.createHotObservable('')
      // RxJS reads 32.2s as 32200.000000000004, and looks at the rest of the text with each digit.
      for (const message of messagesOf(diagram, values, error)) source.messages.push(message)
      made.push({ label: `${name}('${marbles}')`, source })
      return source as MarbleSource<unknown> as MarbleSource<never>
    }
  const run: MarbleRun = {
    cold: make('cold'),
    hot: make('hot'),
    time(marbles) {
      const [end] = readDiagram(marbles, kinds.time).marks
      if (end !== undefined) return end.at
      throw new MarblesError('MARBLES_INVALID', `Expected a | where the time ends; given ${marbles}.`)
    },
    scheduler,
  }
  return {
    run,
    /** hot sources begin; what they have scheduled is no work of the Observable's */
    begin() {
      const before = new Set<unknown>(scheduler.actions)
      while (scheduler.hotObservables.length > 0) scheduler.hotObservables.shift()!.setup()
      scripted = new Set([...scheduler.actions].filter((action) => !before.has(action)))
    },
    openAt({ actions }: TestScheduler): string[] {
      const subscribed = made.flatMap(({ label, source }) =>
        source.subscriptions
          .filter(({ unsubscribedFrame }) => unsubscribedFrame === Infinity)
          .map(({ subscribedFrame }) => `${label} is still subscribed to, since ${subscribedFrame} ms`),
      )
      if (subscribed.length > 0) return subscribed
      const timers = [...actions].filter((action) => isAlive(action) && !scripted.has(action))
      return timers.map((action) => `a timer is still running, due at ${(action as Timed).delay} ms`)
    },
  }
}

type Message = ReturnType<TestScheduler['createColdObservable']>['messages'][number]

/** What RxJS plays. What a hot source does before `^` is over when the run begins. */
function messagesOf({ marks }: Diagram, values: Values | undefined, error: unknown = 'error'): Message[] {
  const own = areThemselves(values) ? undefined : values
  const start = marks.find(({ mark }) => mark === '^')?.at ?? 0
  return marks.flatMap(({ at, mark }): Message[] => {
    const frame = at - start
    if (mark === '^') return []
    if (mark === '|') return [{ frame, notification: { kind: 'C' } }]
    if (mark === '#') return [{ frame, notification: { kind: 'E', error } }]
    const value = own === undefined ? mark : own[mark]
    return [{ frame, notification: { kind: 'N', value } }]
  })
}

interface Timed {
  readonly delay: number
}

export const isAlive = (action: Subscription): boolean => !action.closed
