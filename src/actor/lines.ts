import type { AsyncContext } from '../operators/async-context.ts'

/** What is waited for, up to a mark: what has a lower mark is never ready later. */
export type Condition<A> = (alarm: A, mark: number) => boolean

/** The mark of what begins to wait now. */
export type MarkOf<A> = (alarm: A) => number

export const noMark = (): number => 0

/** What goes on when it is ready. */
export interface Waiter {
  ready(): void
  fail(error: unknown): void
}

/** A place in a line. Of what is ready in several lines, what began to wait first goes on first. */
export interface Place {
  readonly waiter: Waiter
  readonly mark: number
  readonly number: number
  /** by which they fail: the number of the first place that its waiter had */
  readonly rank: number
  /** that in which it began to wait; `null` for a promise, whose reactions have their own */
  readonly context: AsyncContext | null
  readonly line: Line
  before: Place | null
  behind: Place | null
  hasLeft: boolean
}

/** All that waits for one condition, by its marks: only the first is looked at, so that a look costs the same however many wait. */
export interface Line {
  readonly condition: Condition<never>
  first: Place | null
  last: Place | null
  /** its first was looked at, and is not ready */
  isPassed: boolean
  readonly next: Line | null
}
