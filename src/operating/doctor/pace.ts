/**
 * Called between two pieces of an examination, with how many rows the last one had read: lets the event loop go round, so that a signal is
 * noticed. Rejects where the examination is to stop.
 */
export type Pace = (rows: number) => Promise<void>
