import type { Observable } from 'rxjs'

export type AlarmTime = number | null

/** Completion means done. */
export type Answer = Observable<never> | Promise<never>

/** The store and the manager, the same functions for everybody. */
export interface Ports {
  commit(time: AlarmTime): Answer
  write(time: AlarmTime): Answer
}

/** One actor's alarm, however it is kept. */
export interface Actor {
  set(time: number): void
  delete(): void
}

/** A way of keeping an alarm no later than what was committed. */
export interface Rival<A extends Actor = Actor> {
  /** `initial` is what both the store and the manager hold. */
  open(ports: Ports, initial: AlarmTime, key: string): A
  /** Resolves when the store and the manager have all that was asked. */
  drained(actor: A): PromiseLike<unknown>
}

/** For rivals of any actor type in one list. */
export function rival<A extends Actor>(of: Rival<A>): Rival {
  return of as unknown as Rival
}

/** No alarm (`null`) comes after every time. */
export function isBefore(a: AlarmTime, b: AlarmTime): boolean {
  return a !== null && (b === null || a < b)
}
