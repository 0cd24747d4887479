import { multiplexTimers, type Timers } from 'nolater'
import type { ActorStore } from 'nolater/sqlite'
import {
  asyncScheduler,
  concat,
  defer,
  EMPTY,
  type Observable,
  type ObservableInput,
  of,
  type SchedulerLike,
} from 'rxjs'
import type { Outlet, Person, Reminder } from './person.ts'

export interface SqlitePersonOptions {
  readonly who: string
  readonly store: ActorStore
  readonly outlet: Outlet
  readonly scheduler?: SchedulerLike
}

/** Somebody's reminders in a file of their own, each a value of the store and a timer of the same name. */
export function sqlitePerson(options: SqlitePersonOptions): Person {
  const { who, store, outlet, scheduler = asyncScheduler } = options
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

  const use = (name: string, how: (reminder: Reminder) => ObservableInput<unknown>): Observable<unknown> => {
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
    events$: store.alarm.events$,
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
      timers.deliver(delivery, ({ name }) => use(name, (reminder) => outlet.send(who, reminder)), {
        abandon: ({ name }) => use(name, (reminder) => outlet.giveUp(who, reminder)),
      }),
    close: () => store.close(),
  }
}
