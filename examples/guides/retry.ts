/** Sends one message, and says which failures are whose. */
import type { Wakeup } from 'nolater'
import type { ActorStore } from 'nolater/sqlite'
import { catchError, concat, defer, map, type Observable, type ObservableInput, of } from 'rxjs'

export interface Outbox {
  send(text: string, at: number): void
  /** What became of it: `undefined` before it was sent. */
  state(): 'sent' | 'given up' | undefined
  deliver(wakeup: Wakeup): Observable<unknown>
  /** For the option `abandon` of the manager's deliveries. */
  abandon(key: string, scheduledTime: number): Observable<number | null>
}

/** What `post` fails with: the status of an HTTP answer. */
export class Refused extends Error {
  readonly status: number
  constructor(status: number) {
    super(`the answer was ${status}`)
    this.status = status
  }
}

export function openOutbox(store: ActorStore, post: (text: string) => ObservableInput<unknown>): Outbox {
  const { alarm } = store

  const judge = (error: unknown): never => {
    const status = error instanceof Refused ? error.status : 500
    if (status === 503) throw Object.assign(new Error('they are away'), { counted: false }) // for ever, with back-off
    if (status === 410) throw Object.assign(new Error('they are gone'), { retry: false }) // never again
    throw error // six more times
  }

  return {
    send: (text, at) =>
      store.transaction(() => {
        store.put('text', text)
        alarm.set(at)
      }),
    state: () => store.get('state'),
    deliver: (wakeup) =>
      alarm.deliver(wakeup, () =>
        concat(
          defer(() => post(store.get<string>('text') ?? '')).pipe(catchError(judge)),
          defer(() => of(store.put('state', 'sent'))),
        ),
      ),
    abandon: (_, scheduledTime) =>
      defer(() => {
        store.put('state', 'given up')
        const kept = alarm.abandon(scheduledTime)
        return alarm.confirmed().pipe(map(() => kept)) // the manager forgets it only when that is durable
      }),
  }
}
