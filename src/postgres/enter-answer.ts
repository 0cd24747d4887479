import { firstValueFrom, type SchedulerLike, timer } from 'rxjs'
import { canPass } from '../ledger/stall.ts'
import type { After, AlarmTable, Answer, Taken } from './alarm-table.ts'

export const REST = 250 // ms

/** While the database is away. */
export const rest = (scheduler: SchedulerLike): Promise<unknown> => firstValueFrom(timer(REST, scheduler))

/** What the end of a delivery says, until when it may be said, and where. */
interface Entry {
  readonly table: AlarmTable
  readonly scheduler: SchedulerLike
  readonly taken: Taken
  readonly hasLapsed: () => boolean
  readonly answer: Answer
  /** the database is away: it is tried again */
  failed(error: unknown): void
}

/** However often the connection breaks, until the lease has ended; then it is `null`, as where another holder has it. */
export async function enterAnswer({
  table,
  scheduler,
  taken,
  hasLapsed,
  answer,
  failed,
}: Entry): Promise<After | null> {
  for (;;) {
    try {
      const after = await table.answer(answer)
      return after?.entered || (after !== null && isEnteredBefore(after, taken, answer)) ? after : null
    } catch (error) {
      if (hasLapsed()) return null
      if (!canPass(error)) throw error
      failed(error)
      await rest(scheduler)
    }
  }
}

/** The connection broke after our answer was entered, and before that was acknowledged. */
function isEnteredBefore(after: After, { delivered }: Taken, { time, done, due }: Answer): boolean {
  const isFailed = time !== null && 'at' in due && due.at === null
  return (
    (isFailed ? after.due === null : done !== null) &&
    after.holder === null &&
    after.fence === delivered.fence &&
    after.time === time &&
    after.done === done
  )
}
