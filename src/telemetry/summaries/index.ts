/**
 * Lateness and counts of events, with nothing to install.
 *
 * @module nolater/summaries
 */
export { type Counts, countsBy } from './counts-by.ts'
export type { Distribution } from './distribution.ts'
export { type Lateness, lateness } from './lateness.ts'
export type { Window, WindowOptions } from './summarize.ts'
