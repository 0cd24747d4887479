/**
 * Reminders, as many for each person as they like: a person is an actor, and all their reminders share its one alarm.
 * It shows `multiplexTimers` on a store, state and timers in one transaction, and answers that leave when they are durable.
 * The manager and the stores are parameters: SQLite in `main.ts`, virtual ones in the tests, a database that many machines share where
 * you need it. `send` is called at least once for each reminder, never before its time, and again with a back-off when it fails.
 */
import type { AlarmManager, DeliveryEvent } from 'nolater'
import { asyncScheduler, defer, type Observable, type ObservableInput, type SchedulerLike } from 'rxjs'
import { openPerson, type Person, type PersonStore, type Reminder } from './person.ts'

export interface RemindersOptions {
  readonly manager: AlarmManager
  openStore(who: string): PersonStore
  send(who: string, reminder: Reminder): ObservableInput<unknown>
  /** Called instead once it has failed seven times. */
  giveUp(who: string, reminder: Reminder): ObservableInput<unknown>
  readonly scheduler?: SchedulerLike
}

export interface Reminders {
  /** Sets a reminder, in place of the one of that name; emits it once it is durable. */
  set(who: string, reminder: Reminder): Observable<Reminder>
  /** Emits whether there was one, once it is durable that there is none. */
  cancel(who: string, name: string): Observable<boolean>
  list(who: string): Observable<Reminder[]>
  /** Reminds people while it is subscribed. */
  readonly deliveries$: Observable<DeliveryEvent>
  close(): void
}

export function openReminders(options: RemindersOptions): Reminders {
  const { manager, openStore, send, giveUp, scheduler = asyncScheduler } = options
  const people = new Map<string, Person>()

  /** Opened when it is needed first; once its alarm is broken, again from what its store holds. */
  function personOf(who: string): Person {
    const known = people.get(who)
    if (known !== undefined) return known
    const store = openStore(who)
    const person = openPerson({
      store,
      scheduler,
      send: (reminder) => send(who, reminder),
      giveUp: (reminder) => giveUp(who, reminder),
    })
    people.set(who, person)
    const forget = (): void => {
      people.delete(who)
      store.close()
    }
    store.alarm.events$.subscribe({ error: forget })
    return person
  }

  return {
    set: (who, reminder) => defer(() => personOf(who).set(reminder)),
    cancel: (who, name) => defer(() => personOf(who).cancel(name)),
    list: (who) => defer(() => personOf(who).list()),
    deliveries$: manager.deliveries((delivery) => personOf(delivery.key).deliver(delivery)),
    close() {
      for (const { close } of people.values()) close()
    },
  }
}
