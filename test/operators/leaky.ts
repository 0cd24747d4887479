import {
  from,
  NEVER,
  Observable,
  type ObservableInput,
  type Subject,
  type Subscription,
  UnsubscriptionError,
} from 'rxjs'
import { uncaughtDuring } from '../uncaught.ts'

/** Goes around whatever an operator is given to subscribe to, so that a law can count it, stall it, break it or convert it. */
export type Side = <V>(input: ObservableInput<V>) => ObservableInput<V>

export const theError = new Error('boom')

/** What a law about throwing teardowns plays with. */
export interface Leaky<In> {
  /** a source that the play drives, or whose values are there at once */
  readonly values$: Subject<In>
  readonly push: (n: number) => void
  readonly values: (count: number) => Observable<In>
  /** makes what passes through it throw in its teardown */
  readonly leak: Side
  readonly failure$: Subject<never>
  readonly subscribe: (source: Observable<In>, side: Side) => Subscription
}

export interface LeakyEnd {
  readonly sided?: true
  play<In>(leaky: Leaky<In>): void
}

const asIs: Side = (input) => input
const stalled: Side = () => NEVER

/** Every end of an operator, with a teardown that throws on the one side or on the other. */
export const leakyEnds: Readonly<Record<string, LeakyEnd>> = {
  'a source that completes': {
    play({ values$, push, leak, subscribe }) {
      subscribe(from(leak(values$)), asIs)
      push(1)
      values$.complete()
    },
  },
  'a source that fails': {
    play({ values$, push, leak, subscribe }) {
      subscribe(from(leak(values$)), asIs)
      push(1)
      values$.error(theError)
    },
  },
  'a source that completes at once': {
    play({ values, leak, subscribe }) {
      subscribe(from(leak(values(1))), asIs)
    },
  },
  'a source that fails while a value is held': {
    sided: true,
    play({ values$, push, leak, subscribe }) {
      subscribe(from(leak(values$)), stalled)
      push(1)
      values$.error(theError)
    },
  },
  'a source that fails while what holds its value has the teardown': {
    sided: true,
    play({ values$, push, leak, subscribe }) {
      subscribe(values$, () => leak(NEVER))
      push(1)
      values$.error(theError)
    },
  },
  'a source that ends at once while its value is held': {
    sided: true,
    play({ values, leak, subscribe }) {
      subscribe(from(leak(values(1))), stalled)
    },
  },
  'what it was given failing, beside such a source': {
    sided: true,
    play({ values$, push, leak, failure$, subscribe }) {
      subscribe(from(leak(values$)), () => failure$)
      push(1)
      failure$.error(theError)
    },
  },
  'what it was given failing, torn down so': {
    sided: true,
    play({ values$, push, leak, failure$, subscribe }) {
      subscribe(values$, () => leak(failure$))
      push(1)
      failure$.error(theError)
    },
  },
  'unsubscribing, of both': {
    sided: true,
    play({ values$, push, leak, subscribe }) {
      const subscription = subscribe(from(leak(values$)), () => leak(NEVER))
      push(1)
      subscription.unsubscribe()
    },
  },
}

const leaked = new Error('teardown')

/** Makes what passes through its `side` throw in its teardown, and counts what is not torn down. */
export function leak(): { side: Side; readonly open: number } {
  let open = 0
  return {
    get open() {
      return open
    },
    side: (input) =>
      new Observable((subscriber) => {
        open++
        from(input).subscribe(subscriber)
        return () => {
          open--
          throw leaked
        }
      }),
  }
}

/** How many teardowns threw into the one that brought the end about, or where nobody could catch it. */
export async function surfacedDuring(work: () => void): Promise<number> {
  const thrown: unknown[] = []
  const uncaught = await uncaughtDuring(() => {
    try {
      work()
    } catch (error) {
      thrown.push(error)
    }
  })
  return [...thrown, ...uncaught].flatMap(leaksIn).length
}

const leaksIn = (error: unknown): unknown[] =>
  error === leaked ? [error] : error instanceof UnsubscriptionError ? error.errors.flatMap(leaksIn) : []
