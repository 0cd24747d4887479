import type { ClientBase } from 'pg'
import type { ActorChange } from '../../fleet/actor-fleet.ts'
import type { AlarmTime } from '../../vocabulary/time.ts'
import type { HandlerRun } from '../handler-run.ts'

export type { ChangedAlarm } from '../../fleet/actor-fleet.ts'

/** What a change does: statements on `tx`, and what it asks of the alarm. Its end is waited for, and nothing that it has not awaited. */
export type ChangeWork<T> = ActorChange<T, ClientBase>

/** One call of `change`, until it is answered. */
export interface Change {
  readonly key: string
  readonly shard: number
  readonly work: ChangeWork<unknown>
  readonly run: HandlerRun | undefined
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
