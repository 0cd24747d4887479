/** Sends one message, and says which failures are whose. */
import type { Wakeup } from 'nolater'
import type { ActorStore } from 'nolater/sqlite'
import { catchError, concat, defer, map, type Observable, type ObservableInput, of } from 'rxjs'

interface Message {
  readonly serial: number
  readonly text: string
  readonly state?: 'sent' | 'given up'
}

export interface Outbox {
  /** In place of the message before, if that one has not left yet. */
  send(text: string, at: number): void
  /** What became of the last one: `undefined` before it was sent. */
  state(): Message['state']
  deliver(wakeup: Wakeup): Observable<unknown>
  /** For the option `abandon` of the manager's deliveries. */
  abandon(key: string, scheduledTime: number, delivery?: Wakeup): Observable<number | null>
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
  const message = () => store.get<Message>('message')

  /** Another one may have come while it was under way: that one has not been sent. */
  const settle = (sent: Message | undefined, state: Message['state']): void => {
    if (sent !== undefined && sent.serial === message()?.serial) store.put('message', { ...sent, state })
  }

  const judge = (error: unknown): never => {
    const status = error instanceof Refused ? error.status : 500
    if (status === 503) throw Object.assign(new Error('they are away'), { counted: false }) // without end, with back-off
    if (status === 410) throw Object.assign(new Error('they are gone'), { retry: false }) // never again
    throw error // six more times
  }

  return {
    send: (text, at) =>
      store.transaction(() => {
        store.put('message', { serial: (message()?.serial ?? 0) + 1, text })
        alarm.set(at)
      }),
    state: () => message()?.state,
    deliver: (wakeup) =>
      alarm.deliver(wakeup, () => {
        const sent = message()
        return concat(
          defer(() => post(sent?.text ?? '')).pipe(catchError(judge)),
          defer(() => of(settle(sent, 'sent'))),
        )
      }),
    abandon: (_, scheduledTime, delivery) =>
      defer(() => {
        if (alarm.time === scheduledTime) settle(message(), 'given up')
        const kept = alarm.abandon(scheduledTime, delivery)
        return alarm.confirmed().pipe(map(() => kept)) // the manager forgets it only when that is durable
      }),
  }
}
