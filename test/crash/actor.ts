import type { AlarmDelivery, AlarmManager, AlarmTime, WakeupInfo } from 'nolater'
import { sqliteStore } from 'nolater/sqlite'
import { EMPTY, type Observable, type ObservableInput, of, type SchedulerLike, tap, timer } from 'rxjs'
import type { Mood } from '../../examples/fleet/mix.ts'
import { note, prepareJournal, standing } from './journal.ts'

export interface ActorOptions {
  readonly key: string
  readonly file: string
  readonly manager: AlarmManager
  readonly clock: SchedulerLike
  readonly busyTimeout: number
  moodOf(alarm: number): Mood
  /** What was asked has left the actor: from here on somebody relies on it. */
  answered(op: string): void
  /** answers without waiting for the disk: one of the saboteurs */
  readonly isLeaky: boolean
  broken(error: unknown): void
}

/** One actor in one process; another process may take it away at any time. */
export interface Actor {
  readonly isBroken: boolean
  /** Throws what keeps it from being asked. */
  ask(op: string, time: AlarmTime): void
  deliver(delivery: AlarmDelivery): Observable<unknown>
  close(): void
}

export function openActor(options: ActorOptions): Actor {
  const { key, file, manager, clock, busyTimeout, moodOf } = options
  const store = sqliteStore({
    file,
    key,
    manager,
    scheduler: clock,
    busyTimeout,
    retry: { delay: (attempt) => 20 * 2 ** attempt },
  })
  let isBroken = false
  store.alarm.events$.subscribe({
    error(error) {
      isBroken = true
      options.broken(error)
    },
  })
  // An actor that was taken away cannot keep what it had accepted: that is said, and the process goes on.
  const close = (): void => void store.close().catch(options.broken)
  try {
    prepareJournal(store)
  } catch (error) {
    close()
    throw error
  }

  function ask(op: string, time: AlarmTime): void {
    let isRefused = false
    store.transaction(() => {
      // What is due is delivered before anything replaces it. One look at the clock decides and is noted, and this transaction sees
      // all that any process has committed.
      const now = clock.now()
      const { time: stands, hasBegun } = standing(store)
      isRefused = stands !== null && stands <= now && !hasBegun
      if (!isRefused) move(time, now, op)
    })
    if (isRefused) return
    const answer$ = options.isLeaky ? of(op) : of(op).pipe(store.alarm.holdUntilConfirmed())
    answer$.subscribe({ next: options.answered, error() {} })
  }

  /** The alarm and the line that tells of it, in one transaction. */
  function move(time: AlarmTime, shown: number, op: string | null): void {
    note(store, { shown, kind: time === null ? 'delete' : 'set', time, stands: time, op })
    if (time === null) store.alarm.delete()
    else store.alarm.set(time)
  }

  function handle({ scheduledTime, retryCount }: WakeupInfo): ObservableInput<unknown> {
    const { works, fails, again } = moodOf(scheduledTime)
    const tell = (kind: 'began' | 'done' | 'failed'): void =>
      note(store, { shown: clock.now(), kind, time: scheduledTime, stands: store.alarm.time, op: null })
    const finish = (): void => {
      if (retryCount < fails) {
        tell('failed')
        throw new Error('a handler in a bad mood')
      }
      tell('done')
      const now = clock.now()
      if (again !== null && store.alarm.time === null) move(now + again, now, null)
    }
    tell('began')
    if (works > 0) return timer(works).pipe(tap(finish))
    finish()
    return EMPTY
  }

  return {
    get isBroken() {
      return isBroken
    },
    ask,
    deliver: (delivery) => store.alarm.deliver(delivery, handle),
    close,
  }
}
