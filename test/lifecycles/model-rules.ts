import { type AlarmTime, isBefore } from '../../src/vocabulary/time.ts'

/** What one actor knows of its alarm. The promise: `bound` is at or before everything the store may hold. */
export interface AlarmState {
  /** the alarm of the newest intent */
  readonly desired: AlarmTime
  /** the alarm of the last commit that the store acknowledged */
  readonly committed: AlarmTime
  /** the latest time at which the manager may be holding the alarm */
  readonly bound: AlarmTime
}

/** What is under way for it. */
export interface Flight {
  readonly committing: boolean
  /** the alarm that the commit in flight carries */
  readonly commits: AlarmTime
  readonly writing: boolean
  /** the manager is owed the committed alarm once more, at any bound */
  readonly owed: boolean
  /** a failed later write waits for its next attempt */
  readonly resting: boolean
  /** something was asked since the last commit was issued: the store has something to commit even if the alarm stands as before */
  readonly touched: boolean
  /** what is desired was asked again after the delivery of the manager's alarm of that very time had begun: it needs one of its own */
  readonly again: boolean
}

export const idle: Flight = {
  committing: false,
  commits: null,
  writing: false,
  owed: false,
  resting: false,
  touched: false,
  again: false,
}

export type Step = 'precommit' | 'commit' | 'later'

/** The three rules: the step to take now, or `null` when nothing is to be done but wait. */
export function nextStep(alarm: AlarmState, flight: Flight): Step | null {
  // 1. Earlier first: the manager must have it before the commit that needs it is issued.
  if (isEarlier(alarm, flight)) return flight.writing ? null : 'precommit'
  // 2. Then commit: intents that came meanwhile share the next one. One that was put back since came with a state of its own.
  if (alarm.desired !== alarm.committed || flight.touched) return flight.committing ? null : 'commit'
  // 3. Later last: nothing waits for it, so it waits for everything.
  if (flight.committing || flight.writing || flight.resting) return null
  return isBefore(alarm.bound, alarm.committed) || flight.owed ? 'later' : null
}

/** The manager must have it before the store: it may be holding a later alarm, or that very one in a back-off that ends later. */
export function isEarlier({ desired, bound }: AlarmState, { again }: Flight): boolean {
  return again || isBefore(desired, bound)
}

/** Whether the store holds what was asked last, and nothing else: a commit in flight counts, or there-and-back changes would look clean. */
export function isClean(alarm: AlarmState, flight: Flight): boolean {
  if (flight.committing && flight.commits !== alarm.committed) return false
  return alarm.desired === alarm.committed
}

/** Everything that was asked is in an acknowledged commit, the state around the alarm too. */
export function isConfirmed(alarm: AlarmState, flight: Flight): boolean {
  return alarm.desired === alarm.committed && !flight.committing && !flight.touched
}

/** Nothing in flight, nothing to do: the store and the manager agree. */
export function isDrained(alarm: AlarmState, flight: Flight): boolean {
  return isConfirmed(alarm, flight) && !flight.writing && !flight.resting && nextStep(alarm, flight) === null
}
