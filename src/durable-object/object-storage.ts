/** What is used of a Durable Object's `ctx.storage`, of a class with SQLite storage. */
export interface ObjectStorage {
  readonly sql: ObjectSql
  getAlarm(): Promise<number | null>
  setAlarm(time: number, options?: { allowUnconfirmed?: boolean }): Promise<void>
  deleteAlarm(options?: { allowUnconfirmed?: boolean }): Promise<void>
  transactionSync<T>(work: () => T): T
  sync(): Promise<void>
}

/** Its SQL. */
export interface ObjectSql {
  exec(query: string, ...bindings: unknown[]): Iterable<Record<string, unknown>>
}
