/** Told of each alarm that fires: its key, and the clock as its handler runs. */
export type Fired = (key: string, at: number) => void

/** Something on PostgreSQL that wakes actors at their times; each has at most one alarm. */
export interface Queue {
  /** Sets one alarm; resolves when it is durable. */
  one(key: string, time: number): Promise<unknown>
  /** Sets many in one call, by the fastest way that it offers. */
  many(keys: readonly string[], time: number): Promise<unknown>
  close(): Promise<void>
}

export interface Entry {
  readonly name: string
  /** Alarms need not fire where nobody is told. */
  open(connectionString: string, schema: string, fired: Fired | null): Promise<Queue>
}
