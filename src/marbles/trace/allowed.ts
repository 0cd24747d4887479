import { isCommitDue, isDrained, isEarlierDue, isLaterDue, isQuiet } from './due.ts'
import type { Known } from './known.ts'

const printed = (time: number | null | undefined): string =>
  time === undefined ? '?' : time === null ? 'none' : `${time}`

/** What might come next, besides what is asked of the actor. */
export function allowedNext(known: Known): string[] {
  if (known.isEnding) return ['delivery-failed', 'the end']
  const { writing, commits, run } = known
  const next: string[] = []
  if (!writing && isEarlierDue(known) !== false) next.push(`write-issued earlier ${printed(known.desired)}`)
  if (!commits && isCommitDue(known) !== false) next.push(`commit-issued ${printed(known.desired)}`)
  if (isQuiet(known) !== false && isEarlierDue(known) !== true && isCommitDue(known) !== true)
    next.push(`write-issued ${isLaterDue(known) ? 'later' : 'same'} ${printed(known.committed)}`)
  if (writing !== null) next.push(`the end of write ${writing ? printed(writing.time) : '?'}`)
  if (commits !== null) next.push(`the end of commit ${commits ? printed(commits.time) : '?'}`)
  if (known.failed !== null) next.push('write-retried', 'write-given-up')
  if (isDrained(known) !== false) next.push('drained')
  for (const { scheduledTime } of known.arrived)
    next.push(`the end, or the handler, of delivery ${scheduledTime}`)
  if (run !== null) next.push(`the end of the handler of ${run ? run.scheduledTime : '?'}`)
  return [...next, 'intent', 'touched', 'delivery-arrived', 'the end']
}

/** What is known, without what is not. */
export function stateOf({ index: _, failed: __, ...known }: Known): Record<string, unknown> {
  return structuredClone(Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)))
}
