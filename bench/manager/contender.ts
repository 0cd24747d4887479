/** Something that wakes actors at their times. An actor is a number; each has at most one alarm. */
export interface Contender {
  /** Sets the alarms of the actors from `first` on, ascending in time, by the fastest way that it offers; resolves once it has them. */
  set(first: number, times: readonly number[]): Promise<void>
  /** the processes of its server, where it has one */
  readonly servers?: () => number[]
  close(): Promise<void>
}

/** Told of each alarm that fires: the actor, and the clock as its handler runs. */
export type Fired = (actor: number, at: number) => void

/** Opens a contender with its files in a directory. Alarms need not fire where nobody is told. */
export type Open = (directory: string, fired: Fired | null) => Promise<Contender>

/** The same key for everybody. */
export function keyOf(actor: number): string {
  return `actor-${actor}`
}

export function actorOf(key: string): number {
  return Number(key.slice('actor-'.length))
}
