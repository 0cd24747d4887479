import type { AlarmDelivery, AlarmEvent, AlarmTime, WriteInfo } from 'nolater'
import type { VirtualClock } from 'nolater/marbles'
import type { Observable } from 'rxjs'

/** What a keeper of one alarm is given when its process opens. Calls begin when they are subscribed to; completion means done. */
export interface World {
  readonly key: string
  readonly clock: VirtualClock
  /** what the store holds */
  readonly initial: AlarmTime
  /** raised by the store at each opening */
  readonly epoch: number
  commit(time: AlarmTime): Observable<never>
  /** The manager offers fences to everyone; what is written without one is always applied. */
  write(time: AlarmTime, info?: WriteInfo): Observable<never>
}

/** An alarm that is kept until its process dies. A dead process calls nobody, and nobody answers it. */
export interface Kept {
  ask(time: AlarmTime): void
  /** Handles a wake-up; completes when the manager may be told "done". */
  deliver(delivery: AlarmDelivery, handler: () => Observable<unknown>): Observable<unknown>
  /** what happens; an error breaks it, and it is opened again from its store */
  readonly events$: Observable<AlarmEvent>
}

export type Keeper = (world: World) => Kept
