import { moveTo } from '../../vocabulary/time.ts'
import { isClean, isCommitDue, isDrained, isEarlierDue, isQuiet } from './due.ts'
import type { Known, Woken, Writing } from './known.ts'
import type { TraceEvent } from './trace-event.ts'

type Of<Kind extends TraceEvent['kind']> = Extract<TraceEvent, { readonly kind: Kind }>
type Fault = string | null

const is = (known: unknown, value: unknown): boolean => known === undefined || known === value
const ARRIVALS = 64 // deliveries that may wait, of which more would not be distinguished

/** Takes one event in, or returns the sentence of the specification that it breaks. */
export function follow(known: Known, event: TraceEvent): Fault {
  if (known.isEnding && event.kind !== 'delivery-failed')
    return 'what is broken does nothing more: it is opened again'
  if (known.failed !== null && event.kind.startsWith('write-')) {
    if (!isOutcome(event.kind)) known.failed = null
  }
  switch (event.kind) {
    case 'intent':
      return intend(known, event)
    case 'touched':
      known.touched = true
      return null
    case 'write-issued':
      return issueWrite(known, event)
    case 'write-acknowledged':
      return endWrite(known, event) ?? acknowledgeWrite(known, event)
    case 'write-failed':
    case 'write-fenced':
      return endWrite(known, event) ?? failWrite(known, event)
    case 'write-retried':
    case 'write-given-up':
      return afterFailure(known, event)
    case 'epoch-raised':
      known.issued = event.fence
      if (known.writing) known.writing.fence = event.fence
      return null
    case 'commit-issued':
      return issueCommit(known, event)
    case 'commit-acknowledged':
      return endCommit(known, event) ?? acknowledgeCommit(known, event)
    case 'commit-failed':
      known.isEnding = true
      return endCommit(known, event)
    case 'delivery-arrived':
      return arrive(known, event)
    case 'delivery-run':
      return run(known, event)
    case 'delivery-done':
      return done(known, event)
    case 'delivery-rescheduled':
      return rescheduled(known, event)
    case 'delivery-failed':
      failDelivery(known, event)
      return null
    case 'drained':
      return drained(known, event)
    case 'violation':
      return 'the manager is never later than what the store may hold'
    default:
      return null // what is said of the waits between, and of an actor as one of many
  }
}

const isOutcome = (kind: string): boolean => kind === 'write-retried' || kind === 'write-given-up'

// ---- what is asked

function intend(known: Known, event: Of<'intent'>): Fault {
  const { time, move, bound, committed, again = false } = event
  const isSettled = !known.writing && !known.commits && !known.run && known.touched !== true
  if (!is(known.committed, committed)) return 'what is committed is what the store has acknowledged last'
  // What is kept in place of an alarm that is given up is with the manager by its answer: the bound is what is committed then.
  const isKept = bound === committed
  if (!is(known.bound, bound) && !isKept)
    return 'the bound is the last earlier write acknowledged, or the last later one issued'
  if (move !== (again ? 'earlier' : moveTo(time, bound))) return 'a move is earlier or later than the bound'
  if (again && time !== bound && known.writing === null)
    return 'an alarm is asked again when the manager has it'
  known.bound = bound
  known.committed = committed
  if (known.run) known.run.deletes = false // an intent of its handler's decides
  if (known.desired === undefined) known.touched = again ? true : known.touched || undefined
  else if (again || time !== known.desired) known.touched = true
  if (known.desired === undefined || again || time !== known.desired) {
    known.again = again
    known.stale = again ? known.issued : time === bound ? before(known.setBy) : writesBefore(known, time)
  } else known.stale = undefined // where its delivery has begun it is not known
  known.mayBeGivenUp ||= time === null && isSettled
  known.desired = time
  return null
}

const before = (fence: number | undefined): number | undefined =>
  fence === undefined ? undefined : fence - 1

function writesBefore({ writing, issued }: Known, time: number | null): number | undefined {
  if (writing === undefined || issued === undefined) return undefined
  return writing?.time === time ? issued - 1 : issued
}

// ---- manager writes

function issueWrite(known: Known, event: Of<'write-issued'>): Fault {
  const { move, time, fence, attempt } = event
  if (known.writing) return 'one write at a time: an earlier move is held until the one in flight has ended'
  if (known.issued !== undefined && fence <= known.issued) return 'a fence is greater than all before it'
  if (move === 'earlier') {
    if (isEarlierDue(known) === false)
      return 'earlier first: only what is desired before the bound, or asked again'
    if (!is(known.desired, time)) return 'what is written earlier is what was asked last'
    if (attempt !== 1) return 'a precommit that fails is not tried again'
    known.desired = time
    known.resting = false
  } else {
    if (known.commits) return 'later last: it waits for the commit in flight'
    if (isEarlierDue(known) === true) return 'earlier first: the manager must have it before anything else'
    if (isCommitDue(known) === true) return 'later last: what was asked is committed before'
    if (!is(known.committed, time)) return 'what is written later is what is committed then'
    if (known.bound !== undefined && move === 'later' && moveTo(time, known.bound) !== 'later')
      return 'a move is earlier or later than the bound'
    if (attempt !== 1 && attempt !== known.attempt + 1 && known.resting !== undefined)
      return 'an attempt is the next one after one that failed'
    known.commits = null
    if (known.bound !== time) known.setBy = fence
    known.desired = known.committed = known.bound = time
    known.touched = known.again = known.resting = false
  }
  known.attempt = attempt
  known.writing = { move, time, fence, attempt }
  known.issued = fence
  return null
}

function endWrite(known: Known, { move, time, fence, attempt }: Writing): Fault {
  const { writing } = known
  if (writing === null) return 'what comes back was issued before'
  if (
    writing &&
    (writing.time !== time || writing.fence !== fence || writing.move !== move || writing.attempt !== attempt)
  )
    return 'what comes back is the write in flight'
  known.writing = null
  known.issued ??= fence
  return null
}

function acknowledgeWrite(known: Known, { move, time, fence }: Writing): Fault {
  known.acked = fence
  known.attempt = 0
  if (move === 'earlier') {
    known.bound = time
    known.setBy = fence
    if (known.again !== false && known.desired !== undefined) {
      const isOlder = known.stale === undefined ? undefined : known.stale >= fence
      known.again = known.desired !== time ? false : known.again === undefined ? undefined : isOlder
    }
  } else if (known.bound === undefined && known.run === null) known.bound = time
  mayBeDeleted(known)
  return null
}

function failWrite(known: Known, event: Of<'write-failed' | 'write-fenced'>): Fault {
  if (event.kind === 'write-fenced' || event.move === 'earlier') known.isEnding = true
  else known.failed = { move: event.move, time: event.time, fence: event.fence, attempt: event.attempt }
  return null
}

function afterFailure(known: Known, event: Of<'write-retried' | 'write-given-up'>): Fault {
  const { failed } = known
  known.failed = null
  if (failed === null && known.writing !== undefined)
    return 'what is tried again, or given up, is a later write that has just failed'
  if (isEarlierDue(known) === true) return 'a retry gives way to an earlier move'
  known.resting = event.kind === 'write-retried'
  known.attempt = event.kind === 'write-retried' ? event.attempt : 0
  return null
}

// ---- commits

function issueCommit(known: Known, { time }: Of<'commit-issued'>): Fault {
  if (known.commits) return 'one commit at a time: what is asked meanwhile shares the next one'
  if (time === null && known.desired !== null && (known.run === undefined || known.run?.deletes))
    succeed(known)
  if (!is(known.desired, time)) return 'what is committed is what was asked last'
  known.desired = time
  if (isEarlierDue(known) === true)
    return 'earlier first: the manager must have it before the commit that needs it is issued'
  if (known.desired === known.committed && known.touched === false)
    return 'a commit is due when something was asked'
  known.commits = { time }
  known.touched = false
  known.again = false
  return null
}

/** The handler has succeeded, and its alarm is to be deleted. */
function succeed(known: Known): void {
  if (known.run) known.run.isDone = true
  known.desired = null
  known.touched = true
  known.again = false
}

/** The manager drops its copy with the answer, of a delivery too; whether there was a newer write, the log does not say. */
function mayBeDeleted(known: Known): void {
  if (known.desired === null && known.committed === null && known.run !== null && known.bound !== null)
    known.bound = undefined
}

function endCommit(known: Known, { time }: { readonly time: number | null }): Fault {
  if (known.commits === null) return 'what comes back was issued before'
  if (known.commits && known.commits.time !== time) return 'what comes back is the commit in flight'
  known.commits = null
  return null
}

function acknowledgeCommit(known: Known, { time }: Of<'commit-acknowledged'>): Fault {
  known.committed = time
  if (time === null && known.mayBeGivenUp) {
    known.mayBeGivenUp = false
    known.bound = known.bound === null ? null : undefined
  }
  mayBeDeleted(known)
  return null
}

// ---- deliveries

function arrive(known: Known, { scheduledTime, retryCount, at }: Of<'delivery-arrived'>): Fault {
  const isLike = (each: Woken | null | undefined): boolean =>
    !!each && isOf(each, { scheduledTime, retryCount })
  known.areAlike ||= isLike(known.run) || known.arrived.some(isLike)
  known.arrived.push({ scheduledTime, retryCount, at, before: known.issued })
  if (known.arrived.length > ARRIVALS) known.arrived.shift()
  return null
}

/** Which of two that look alike it is, the log does not say: what runs came last, what is put right came first. */
function taken(
  known: Known,
  of: Pick<Woken, 'scheduledTime' | 'retryCount'>,
  how: 'first' | 'last',
): Woken | null {
  const isLike = (each: Woken): boolean => isOf(each, of)
  const at = how === 'first' ? known.arrived.findIndex(isLike) : known.arrived.findLastIndex(isLike)
  return at < 0 ? null : known.arrived.splice(at, 1)[0]!
}

function run(known: Known, event: Of<'delivery-run'>): Fault {
  const woken = taken(known, event, 'last')
  if (woken === null && known.run !== undefined && !known.areAlike)
    return 'a handler runs for a delivery that has arrived'
  const { time, deletes, scheduledTime, retryCount } = event
  // One whose lease ran out ends without a word, and may have succeeded before.
  if (known.run?.deletes && known.commits !== null) known.desired = known.touched = known.again = undefined
  if (time === scheduledTime) {
    if (!is(known.desired, time) && isClean(known) === true)
      return 'woken for another alarm than the one that stands, it runs none: it puts the manager right'
    if (deletes && !is(known.desired, time)) return 'the handler of another alarm deletes none'
  } else {
    if (!is(known.desired, time)) return 'what runs in place of another alarm is the one that stands'
    if (isClean(known) === false) return 'what runs in place of another alarm is committed'
    if (time > event.at) return 'no handler before its time'
    if (!deletes) return "a handler's success deletes the alarm that it was run for"
  }
  if (deletes) known.desired = time
  known.run = { scheduledTime, retryCount, at: event.at, before: known.issued, deletes, isDone: false }
  return null
}

function isOf(
  run: Woken,
  { scheduledTime, retryCount }: Pick<Woken, 'scheduledTime' | 'retryCount'>,
): boolean {
  return run.scheduledTime === scheduledTime && run.retryCount === retryCount
}

function done(known: Known, event: Of<'delivery-done'>): Fault {
  const { run } = known
  if (!known.areAlike && (run === null || (run && !isOf(run, event))))
    return 'what is answered is a handler that has run'
  if (run?.deletes && !run.isDone && known.desired !== null && !known.areAlike)
    return "a handler's success deletes the alarm that it was run for, before the answer"
  const fault = atRest(known)
  if (fault !== null) return fault
  if (known.acked !== undefined && known.issued !== undefined && known.acked !== known.issued)
    return 'no delivery is answered after a write that was given up'
  known.run = known.areAlike ? undefined : null
  return null
}

function rescheduled(known: Known, event: Of<'delivery-rescheduled'>): Fault {
  const woken = taken(known, event, 'first')
  if (known.areAlike) return null
  if (woken === null)
    return known.run === undefined ? null : 'what is put right is a delivery that has arrived'
  if (event.time !== null && event.time <= woken.at)
    return 'an alarm that is due by now is run: a little late beats very late'
  if (woken.before !== undefined && known.acked !== undefined && known.acked <= woken.before)
    return 'a manager that came too early has the right time before it is answered'
  return null
}

function failDelivery(known: Known, event: Of<'delivery-failed'>): void {
  if (known.run && isOf(known.run, event)) {
    if (known.run.deletes && !known.run.isDone && known.commits !== null)
      known.desired = known.touched = undefined
    known.run = known.areAlike ? undefined : null
  } else taken(known, event, 'first')
}

// ---- at rest

function atRest(known: Known): Fault {
  if (known.writing) return 'drained means that no write is in flight'
  if (known.commits) return 'drained means that no commit is in flight'
  if (known.resting) return 'drained means that no write waits for its next attempt'
  if (isDrained(known) === false && isQuiet(known) !== false)
    return 'drained means that the store and the manager agree'
  return null
}

function drained(known: Known, { time, caughtUp }: Of<'drained'>): Fault {
  const fault = atRest(known)
  if (fault !== null) return fault
  if (!is(known.committed, time)) return 'drained means that what was asked last is committed'
  const { acked, issued } = known
  if (acked !== undefined && issued !== undefined && caughtUp !== (acked === issued))
    return 'it has caught up when its last write was acknowledged'
  known.desired = known.committed = known.bound = time
  known.touched = known.again = known.resting = false
  known.writing = known.commits = null
  if (caughtUp) known.acked = known.issued
  return null
}
