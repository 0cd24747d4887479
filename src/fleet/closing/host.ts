import type { Observable } from 'rxjs'

/** Brings through what was accepted so far: completes when all of it is durable and with the manager, or errors with what was lost. */
export type Flush = () => Observable<never>

/** The actors that a fleet has in memory. */
export interface Residents {
  /** Whether an actor is being loaded, or has anything left to do. */
  isBusy(key: string): boolean
  /** Drops one that is not. */
  drop(key: string): void
  /** the `FleetEngine` that they are in */
  readonly engine: object
}

/** What others work on, and must outlast their work: a manager, or the stores of many actors. */
export interface Host {
  /** the work that has to come through before it closes */
  readonly guests: Set<Flush>
  /** the fleets that have actors of it in memory, where it keeps actors */
  readonly fleets?: Set<Residents>
  /** Does at once what waits for the end of the turn; whether there was anything to do. */
  pump(): boolean
}

// Registered: a manager may come from another copy of the library. Enumerable: it stays with { ...manager, write }.
const HOST = Symbol.for('nolater.host')

/** The part of an object that says that it is a host. */
export function hosting(host: Host): object {
  return { [HOST]: host }
}

/** The host that an object is, if it is one. */
export function hostOf(value: unknown): Host | null {
  return (value as { [HOST]?: Host } | null | undefined)?.[HOST] ?? null
}

const ROUNDS = 1_000

/** Pumps until nothing is left, or `isOver`. What goes on asking for more is left to the turns of the event loop. */
export function pumpUntil(host: Host | null, isOver: () => boolean): void {
  for (let round = 0; round < ROUNDS && !isOver() && host?.pump() === true; round++);
}
