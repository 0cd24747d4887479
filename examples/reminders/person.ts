import { type AlarmDelivery, multiplexTimers, type Timers } from 'nolater'
import type { ActorStore } from 'nolater/sqlite'
import { concat, defer, EMPTY, type Observable, type ObservableInput, of, type SchedulerLike } from 'rxjs'

export interface Reminder {
  readonly name: string
  /** ms since the epoch */
  readonly at: number
  readonly text: string
}

/** What a person's store must be able to do. */
export type PersonStore = Pick<
  ActorStore,
  'alarm' | 'transaction' | 'get' | 'put' | 'delete' | 'list' | 'close'
>

type Use = (reminder: Reminder) => ObservableInput<unknown>

export interface PersonOptions {
  readonly store: PersonStore
  readonly send: Use
  readonly giveUp: Use
  readonly scheduler: SchedulerLike
}

export interface Person {
  set(reminder: Reminder): Observable<Reminder>
  cancel(name: string): Observable<boolean>
  list(): Observable<Reminder[]>
  deliver(delivery: AlarmDelivery): Observable<unknown>
  close(): void
}

/** One actor: somebody's reminders, each a value of the store and a timer of the same name. */
export function openPerson({ store, send, giveUp, scheduler }: PersonOptions): Person {
  const timers = multiplexTimers({
    alarm: store.alarm,
    scheduler,
    load: () => store.get<Timers>('timers'),
    save: (next, options) => store.put('timers', next, options),
  })
  const keyOf = (name: string): string => `reminder ${name}`

  /** All of it in one transaction; what it comes to is said when it is durable. */
  const durably = <T>(work: () => T): Observable<T> =>
    defer(() => of(store.transaction(work))).pipe(store.alarm.holdUntilConfirmed())

  const use = (name: string, how: Use): Observable<unknown> => {
    const reminder = store.get<Reminder>(keyOf(name))
    if (reminder === undefined) return EMPTY
    const forget = (): Observable<never> => {
      if (timers.get(name) === null) store.delete(keyOf(name)) // or it was set anew while it was sent
      return EMPTY
    }
    return concat(
      defer(() => how(reminder)),
      defer(forget),
    )
  }

  return {
    set: (reminder) =>
      durably(() => {
        timers.set(reminder.name, reminder.at)
        store.put(keyOf(reminder.name), reminder)
        return reminder
      }),
    cancel: (name) =>
      durably(() => {
        store.delete(keyOf(name))
        return timers.delete(name)
      }),
    list: () =>
      durably(() => [...store.list<Reminder>({ prefix: keyOf('') }).values()].sort((a, b) => a.at - b.at)),
    deliver: (delivery) =>
      timers.deliver(delivery, ({ name }) => use(name, send), { abandon: ({ name }) => use(name, giveUp) }),
    close: () => store.close(),
  }
}
