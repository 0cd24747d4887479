/** Where a contender keeps its tables. */
export interface Place {
  readonly connectionString: string
  readonly schema: string
}

/** An actor is a number; each has at most one alarm. */
export interface Alarm {
  readonly actor: number
  readonly time: number
}

/** What is done about an alarm: nothing more, or something without an end. */
export type Handle = (actor: number) => Promise<never> | undefined

export interface Opening {
  readonly handle: Handle
  /** false: it is to set alarms and nothing else, where it can be opened so */
  readonly delivers: boolean
  /** how many processes deliver */
  readonly processes: number
  /** ms that a dead process keeps what it had, where that can be chosen; default: as it comes */
  readonly lease?: number | undefined
}

/** Something on PostgreSQL that wakes actors at their times. */
export interface Queue {
  /** Sets one alarm, in place of the one that its actor has; resolves when it is durable. */
  one(alarm: Alarm): Promise<unknown>
  /** Sets many at once, by the fastest way that it offers for that. */
  many(alarms: readonly Alarm[]): Promise<unknown>
  close(): Promise<void>
}

/** Resolves when it delivers. */
export type Open = (place: Place, opening: Opening) => Promise<Queue>
