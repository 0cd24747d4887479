import type { ChangedAlarm, FleetTransaction } from '../../fleet/actor-fleet.ts'
import type { AsyncContext } from '../../operators/async-context.ts'
import type { AlarmTime } from '../../vocabulary/time.ts'
import type { Loan } from './loan.ts'

/** What a change does; the loan of its transaction says whether it is still its own. */
export type ChangeWork = (tx: FleetTransaction, alarm: ChangedAlarm, loan: Pick<Loan, 'check'>) => unknown

/** One call of `change`, until it is answered. */
export interface Change {
  readonly key: string
  readonly work: ChangeWork
  /** in which it was asked for */
  readonly context: AsyncContext
  /** ms on the monotonic clock */
  readonly askedAt: number
  resolve(result: unknown): void
  reject(error: unknown): void
  /** Gives its caller what it was resolved or rejected with, once the file is free again: it may be what the caller asks for next. */
  answer(): void
  /** what it asks for; `undefined`: nothing */
  alarm: AlarmTime | undefined
  result: unknown
  /** why nothing of it is to stay */
  cut: unknown
  /** it was resolved or rejected */
  isOver: boolean
  /** how often it was rolled back for what was not its own */
  tries: number
}
