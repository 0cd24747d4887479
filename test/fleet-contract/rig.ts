import type { ActorFleet, ActorFleetOptions, FleetTransaction } from 'nolater'
import type { Observable } from 'rxjs'
import type { ExpectStatic } from 'vitest'
import type { FleetDelivery } from '../../src/fleet/actor-fleet.ts'

/** What a fleet can be opened with, on either database. */
export type SharedOptions = Partial<ActorFleetOptions<FleetTransaction>> & { readonly timeout?: number }

/** A database with a table `item (actor, name)`, and how a fleet over it is opened. */
export interface FleetDatabase {
  /** resolves when it owns all there is */
  open(options: Required<Pick<SharedOptions, 'handler'>> & SharedOptions): Promise<ActorFleet>
  /** from outside of the fleet */
  items(): Promise<readonly { actor: string; name: string }[]>
  /** when the fleets are closed */
  end(): Promise<void>
}

export interface FleetRig {
  readonly expect: ExpectStatic
  /** what handlers were given, where a test has none of its own */
  readonly delivered: FleetDelivery[]
  open(options?: SharedOptions): Promise<ActorFleet>
  /** `actor name`, in their order */
  items(): Promise<string[]>
}

/** One promise of the interface. */
export interface FleetCase {
  readonly name: string
  check(rig: FleetRig): Promise<void>
}

export const HOUR = 3_600_000

/** `done`, or the code of its error, or the error. */
export const codeOf = (asked: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(asked).then(
    () => 'done',
    (error) => error?.code ?? error,
  )

/** A change that adds an item, and asks for an alarm in an hour. */
export const add =
  (name: string) =>
  async (tx: FleetTransaction, alarm: { readonly key: string; setIn(ms: number): void }): Promise<void> => {
    await tx.query('INSERT INTO item VALUES ($1, $2)', [alarm.key, name])
    alarm.setIn(HOUR)
  }

/** What is emitted at once. */
export function current<T>(values$: Observable<T>): T | undefined {
  let value: T | undefined
  values$.subscribe((each) => (value = each)).unsubscribe()
  return value
}
