import type { AlarmTime } from 'nolater'
import type { Owed } from '../../examples/fleet/judge.ts'
import type { JournalLine } from './journal.ts'
import type { SteppedClock } from './machine-clock.ts'

/** What the journal of one actor proves. Times of what was owed are real ones. */
export interface Verdict {
  readonly owed: readonly Owed[]
  readonly lost: readonly string[]
  readonly early: readonly string[]
  /** lines that a store wrote after a newer one had been opened */
  readonly usurped: readonly string[]
}

/**
 * Judges one actor by its database alone, on a clock that may have been stepped. Everything that is set must have been waited for.
 *
 * - A committed `set` is owed unless the next intent came while the clock showed less than its time: then it was replaced before it was
 *   due. (The host asks for nothing new while an alarm is due and no handler has begun, and looks at both in the transaction of what it
 *   asks. So there is no "replaced in the last moment" to be lenient about.)
 * - What is owed must have had a handler that began after it was set; and one that ended well, if no intent followed.
 * - A handler is early if it began before the clock had ever shown the alarm's time since it was set. Where the clock was stepped back
 *   between the manager's look and the handler, it is not: the alarm had been due.
 * - The store must hold what the last line leaves it with.
 * - Epochs never go down: who was superseded has committed nothing any more.
 */
export function judge(
  lines: readonly JournalLine[],
  alarm: AlarmTime,
  clock: Pick<SteppedClock, 'firstShown'>,
): Verdict {
  const owed: Owed[] = []
  const lost: string[] = []
  const early: string[] = []
  const intents = lines.filter(({ kind }) => kind === 'set' || kind === 'delete')

  intents.forEach(({ seq, real, time }, i) => {
    if (time === null) return
    const next = intents[i + 1]
    const end = intents.find((later) => later.seq > seq && later.time === time)?.seq ?? Infinity
    const runs = lines.filter((line) => line.time === time && line.seq > seq && line.seq < end)
    const dueAt = clock.firstShown(time, real)
    const began = runs.filter(({ kind }) => kind === 'began')
    for (const run of began) {
      if (dueAt === null || run.real < dueAt)
        early.push(`a handler began for the alarm ${time} before its time`)
    }
    if (next !== undefined && next.shown < time) return
    owed.push({ time: dueAt ?? Infinity, began: began[0]?.real ?? null })
    if (began.length === 0) lost.push(`the alarm ${time} was due and no handler began`)
    else if (next === undefined && !runs.some(({ kind }) => kind === 'done')) {
      lost.push(`the alarm ${time} was due and no handler ended well`)
    }
  })

  const left = lines.findLast(({ kind }) => kind !== 'began' && kind !== 'failed')?.stands ?? null
  if (alarm !== left) lost.push(`the store holds ${alarm}, its journal says ${left}`)
  const usurped = lines.flatMap(({ seq, epoch }, i) => {
    const before = lines[i - 1]?.epoch ?? 0
    return epoch < before ? [`line ${seq} was written in epoch ${epoch}, after one of epoch ${before}`] : []
  })
  return { owed, lost, early, usurped }
}
