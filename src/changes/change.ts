import type { AsyncContext } from '../operators/async-context.ts'
import type { AlarmTime } from '../vocabulary/time.ts'

/** One call of `change`, until it is answered; `Work` is its function. */
export interface Change<Work = unknown> {
  readonly key: string
  readonly shard: number
  readonly work: Work
  /** in which it was asked for, and its function is run */
  readonly context: AsyncContext
  /** ms on the monotonic clock, since when it waits to begin */
  waitsSince: number
  resolve(result: unknown): void
  reject(error: unknown): void
  /** what it asks for; `undefined`: nothing */
  alarm: AlarmTime | undefined
  result: unknown
  /** why nothing of it is to stay */
  cut: unknown
  /** it was answered */
  isOver: boolean
  /** It was held up by another one of its transaction, so it has the next one for itself. */
  isAlone: boolean
  /** how often it was rolled back for what was not its own */
  tries: number
}
