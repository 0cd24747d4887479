/**
 * Reminders, as many for each person as they like: a person is an actor, and all their reminders share its one alarm.
 * It shows state and alarm in one transaction, and answers that leave when they are durable. Where people are kept is a parameter:
 * `sqlite-person.ts` (`multiplexTimers` on a file each) and `postgres-person.ts` (rows, and a store that many machines share).
 */
import type { AlarmManager, DeliveryEvent } from 'nolater'
import {
  defer,
  firstValueFrom,
  mergeMap,
  type Observable,
  type ObservableInput,
  shareReplay,
  tap,
} from 'rxjs'
import type { Person, Reminder } from './person.ts'

export interface RemindersOptions {
  readonly manager: AlarmManager
  openPerson(who: string): ObservableInput<Person>
}

export interface Reminders {
  /** Sets a reminder, in place of the one of that name; emits it once it is durable. */
  set(who: string, reminder: Reminder): Observable<Reminder>
  /** Emits whether there was one, once it is durable that there is none. */
  cancel(who: string, name: string): Observable<boolean>
  list(who: string): Observable<Reminder[]>
  /** Reminds people while it is subscribed. */
  readonly deliveries$: Observable<DeliveryEvent>
  close(): Promise<void>
}

export function openReminders({ manager, openPerson }: RemindersOptions): Reminders {
  const people = new Map<string, Observable<Person>>()

  /** Opened when it is needed first; once its alarm is broken, again from what its store holds. */
  function personOf(who: string): Observable<Person> {
    const known$ = people.get(who)
    if (known$ !== undefined) return known$
    const forget = (person?: Person): void => {
      people.delete(who)
      void person?.close()
    }
    const person$ = defer(() => openPerson(who)).pipe(
      tap({
        next: (person) => person.events$.subscribe({ error: () => forget(person) }),
        error: () => forget(),
      }),
      shareReplay(1),
    )
    people.set(who, person$)
    return person$
  }

  const ask = <T>(who: string, what: (person: Person) => Observable<T>): Observable<T> =>
    defer(() => personOf(who)).pipe(mergeMap(what))

  return {
    set: (who, reminder) => ask(who, (person) => person.set(reminder)),
    cancel: (who, name) => ask(who, (person) => person.cancel(name)),
    list: (who) => ask(who, (person) => person.list()),
    deliveries$: manager.deliveries((delivery) => ask(delivery.key, (person) => person.deliver(delivery))),
    async close() {
      const closeOne = (person: Person): unknown => person.close()
      await Promise.all(
        [...people.values()].map((person$) => firstValueFrom(person$).then(closeOne, () => {})),
      )
    },
  }
}
