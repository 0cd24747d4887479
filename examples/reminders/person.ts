import type { AlarmDelivery, AlarmEvent } from 'nolater'
import type { Observable, ObservableInput } from 'rxjs'

export interface Reminder {
  readonly name: string
  /** ms since the epoch */
  readonly at: number
  readonly text: string
}

/** One actor: somebody's reminders, kept somewhere. */
export interface Person {
  /** what happens to their one alarm; errors with what broke it */
  readonly events$: Observable<AlarmEvent>
  set(reminder: Reminder): Observable<Reminder>
  cancel(name: string): Observable<boolean>
  list(): Observable<Reminder[]>
  deliver(delivery: AlarmDelivery): Observable<unknown>
  close(): void | Promise<void>
}

/** What becomes of a reminder that is due. */
export interface Outlet {
  /** Called at least once for each reminder, never before its time, and again with a back-off when it fails. */
  send(who: string, reminder: Reminder): ObservableInput<unknown>
  /** Called instead once it has failed seven times. */
  giveUp(who: string, reminder: Reminder): ObservableInput<unknown>
}
