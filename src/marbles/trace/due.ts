import { isBefore } from '../../vocabulary/time.ts'
import type { Known } from './known.ts'

/** `undefined`: it is not known. */
type Maybe = boolean | undefined

const or = (a: Maybe, b: Maybe): Maybe =>
  a === true || b === true ? true : a === false ? b : b === false ? a : undefined
const not = (a: Maybe): Maybe => (a === undefined ? undefined : !a)
const and = (a: Maybe, b: Maybe): Maybe => not(or(not(a), not(b)))

/** The manager must have it before the store. */
export function isEarlierDue({ again, desired, bound }: Known): Maybe {
  return or(again, desired === undefined || bound === undefined ? undefined : isBefore(desired, bound))
}

export function isCommitDue(known: Known): Maybe {
  const { desired, committed, touched } = known
  const differs = desired === undefined || committed === undefined ? undefined : desired !== committed
  return and(not(isEarlierDue(known)), or(differs, touched))
}

export function isLaterDue({ bound, committed }: Known): Maybe {
  return bound === undefined || committed === undefined ? undefined : isBefore(bound, committed)
}

/** Neither a write nor a commit is in flight, and no failed write waits for its next attempt. */
export function isQuiet({ writing, commits, resting }: Known): Maybe {
  const isFree = (flight: object | null | undefined): Maybe =>
    flight === undefined ? undefined : flight === null
  return and(and(isFree(writing), isFree(commits)), not(resting))
}

/** What was asked of the alarm last is in the store, and nothing else is on its way there. */
export function isClean({ desired, committed, commits }: Known): Maybe {
  const stands = desired === undefined || committed === undefined ? undefined : desired === committed
  const isOther =
    commits === undefined || committed === undefined
      ? undefined
      : commits !== null && commits.time !== committed
  return and(stands, not(isOther))
}

export function isDrained(known: Known): Maybe {
  const isDue = or(or(isEarlierDue(known), isCommitDue(known)), isLaterDue(known))
  return and(isQuiet(known), not(isDue))
}
