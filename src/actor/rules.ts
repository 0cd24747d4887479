import { type AlarmTime, isBefore } from '../vocabulary/time.ts'

/** What one actor knows of its alarm. The promise: `bound` is at or before everything the store may hold. */
export interface AlarmState {
  /** the alarm of the newest intent */
  readonly desired: AlarmTime
  /** the alarm of the last commit that the store acknowledged */
  readonly committed: AlarmTime
  /** the latest time at which the manager may be holding the alarm */
  readonly bound: AlarmTime
}

/** What is due besides what the three times say. */
export interface Asked {
  /** something was asked since the last commit was issued: the store has something to commit even if the alarm stands as before */
  readonly touched: boolean
  /** what is desired was asked again after the delivery of the manager's alarm of that very time had begun: it needs one of its own */
  readonly again: boolean
  /** the manager is owed the committed alarm once more, at any bound */
  readonly owed: boolean
}

export const nothingAsked: Asked = { touched: false, again: false, owed: false }

/** A move earlier, of the manager; a commit; a move later, of the manager. */
export type Step = 'earlier' | 'commit' | 'later'

/** The three rules: the step that is due, or `null` where the store and the manager agree. When it may go, the pipe decides. */
export function due(alarm: AlarmState, asked: Asked): Step | null {
  // 1. Earlier first: the manager must have it before the commit that needs it is issued.
  if (isEarlier(alarm, asked)) return 'earlier'
  // 2. Then commit: intents that came meanwhile share the next one. One that was put back since came with a state of its own.
  if (alarm.desired !== alarm.committed || asked.touched) return 'commit'
  // 3. Later last: nothing waits for it, so it waits for everything.
  return isBefore(alarm.bound, alarm.committed) || asked.owed ? 'later' : null
}

/** The manager must have it before the store: it may be holding a later alarm, or that very one in a back-off that ends later. */
export function isEarlier({ desired, bound }: AlarmState, { again }: Asked): boolean {
  return again || isBefore(desired, bound)
}
