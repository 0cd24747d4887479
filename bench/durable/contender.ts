/** Something that keeps alarms on disk. */
export interface Contender {
  /** Sets the alarm of each actor to each time, one durable before the next, all actors at once; returns the alarms in the end. */
  set(actors: number, times: readonly number[]): Promise<(number | null)[]>
  close(): Promise<void>
}

/** Opens a contender with its files in a directory. */
export type Open = (directory: string) => Promise<Contender>
