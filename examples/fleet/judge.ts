import type { AlarmTime } from 'nolater'
import type { JournalLine } from './journal.ts'

/** An alarm that became due. */
export interface Owed {
  readonly time: number
  /** when its first handler began; `null`: never */
  readonly began: number | null
}

/** What the journal of one actor proves. */
export interface Judgement {
  /** alarms that became due before anything had replaced them */
  readonly owed: readonly Owed[]
  /** what is wrong, in words */
  readonly lost: readonly string[]
  readonly early: number
}

/**
 * Judges one actor by its database alone.
 *
 * What can be proved: a line is in the journal exactly if the change that it tells of was committed, since both are one transaction. So
 * for each committed `set` up to `until`:
 *
 * - the next intent was asked for before its time: it never became due, and nothing is owed;
 * - otherwise a handler must have BEGUN for it at or after its time. (The host asks for nothing new while an alarm is overdue and no
 *   handler has begun; so there is no "just replaced in time" to be lenient about.)
 * - no intent followed: a handler must also have ENDED WELL. Where one followed after a failed run, the newer alarm took its place.
 *
 * And the alarm in the store must be what the last line says.
 *
 * What cannot be proved: that an intent which was asked for and not committed was worth less. It was cut off by a failure or a kill, its
 * asker knows no better, and asks again.
 */
export function judge(lines: readonly JournalLine[], alarm: AlarmTime, until: number): Judgement {
  const owed: Owed[] = []
  const lost: string[] = []
  const intents = lines.filter(({ kind }) => kind === 'set' || kind === 'delete')

  intents.forEach(({ seq, at, time }, i) => {
    const next = intents[i + 1]
    if (time === null || time > until || (next !== undefined && next.at < time)) return
    const runs = lines.filter((line) => line.seq > seq && line.time === time)
    const began = runs.find((line) => line.kind === 'began' && line.at >= time)
    // An alarm that is set into the past is due when it is set.
    owed.push({ time: Math.max(time, at), began: began?.at ?? null })
    if (began === undefined) lost.push(`the alarm ${time} was due and no handler began`)
    else if (next === undefined && !runs.some(({ kind }) => kind === 'done')) {
      lost.push(`the alarm ${time} was due and no handler ended well`)
    }
  })

  const stands = standing(lines)
  if (alarm !== stands) lost.push(`the store holds ${alarm}, its journal says ${stands}`)
  return { owed, lost, early: lines.filter(({ kind, at, time }) => kind === 'began' && at < time!).length }
}

/** The alarm that a journal leaves its actor with. */
export function standing(lines: readonly JournalLine[]): AlarmTime {
  const told = lines.findLast(({ kind }) => kind !== 'began' && kind !== 'failed')
  return told?.stands ?? null
}
