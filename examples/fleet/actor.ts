import type { Alarm, AlarmDelivery, AlarmManager, WakeupInfo } from 'nolater'
import { type ActorStore, sqliteStore } from 'nolater/sqlite'
import { defer, EMPTY, type Observable, type ObservableInput, tap, timer } from 'rxjs'
import { hasBegun, note, prepareJournal } from './journal.ts'
import type { Mood } from './mix.ts'

/** A wish of the script's: its number there, and the alarm in ms since the epoch. */
export interface Wish {
  readonly line: number
  readonly time: number | null
}

export interface ActorOptions {
  readonly key: string
  readonly file: string
  readonly manager: AlarmManager
  moodOf(alarm: number): Mood
  /** called at each opening */
  opened(alarm: Alarm): void
  broken(): void
  askedAgain(): void
}

/** One actor in this process, on its own database. */
export interface Actor {
  readonly store: ActorStore
  ask(wish: Wish): void
  deliver(delivery: AlarmDelivery): Observable<unknown>
}

/** Opens an actor. When its alarm breaks, it is opened again from what its store holds, and whoever was refused asks again. */
export function openActor({ key, file, manager, moodOf, opened, broken, askedAgain }: ActorOptions): Actor {
  let store = open()
  /** asked, and not known to be durable */
  let unconfirmed: Wish | null = null
  /** the line of the last wish that was asked */
  let newest = -1
  /** come while an alarm was overdue */
  let waiting: Wish[] = []

  function open(): ActorStore {
    const opening = sqliteStore({ file, key, manager, retry: { delay: (attempt) => 50 * 2 ** attempt } })
    opening.alarm.events$.subscribe({ error: () => setImmediate(reopen) })
    opened(opening.alarm)
    prepareJournal(opening)
    return opening
  }

  function reopen(): void {
    broken()
    store.close()
    store = open()
    if (unconfirmed === null) return
    askedAgain()
    askSafely(unconfirmed)
  }

  function ask(wish: Wish): void {
    const now = Date.now()
    const standing = store.alarm.time
    // An alarm that is due is delivered before anything replaces it. So the checker need not guess whether an alarm that nobody saw was
    // replaced in the last moment: an alarm whose successor was asked for after its time must have been delivered.
    if (standing !== null && standing <= now && !hasBegun(store, standing)) {
      waiting.push(wish)
      return
    }
    // Come too late: whoever had to wait, or was refused, was overtaken by somebody who has asked since.
    if (wish.line < newest) return
    newest = wish.line
    unconfirmed = wish
    store.transaction(() => setAlarm(wish.time, now, wish.line))
    store.alarm.confirmed().subscribe({
      complete: () => {
        if (unconfirmed === wish) unconfirmed = null
      },
      error() {}, // it breaks the alarm, and is asked again
    })
  }

  /** The alarm and the note that tells of it, in one transaction. */
  function setAlarm(time: number | null, at: number, line: number | null): void {
    note(store, { at, kind: time === null ? 'delete' : 'set', time, stands: time, line })
    if (time === null) store.alarm.delete()
    else store.alarm.set(time)
  }

  function handle({ scheduledTime: alarm, retryCount }: WakeupInfo): ObservableInput<unknown> {
    const { works, fails, again } = moodOf(alarm)
    const tell = (kind: 'began' | 'done' | 'failed'): void =>
      note(store, { at: Date.now(), kind, time: alarm, stands: store.alarm.time, line: null })
    const finish = (): void => {
      if (retryCount < fails) {
        tell('failed')
        throw new Error('a handler in a bad mood')
      }
      tell('done')
      if (again !== null && store.alarm.time === null) {
        const now = Date.now()
        setAlarm(now + again, now, null)
      }
    }
    tell('began')
    setImmediate(askWaiting)
    if (works > 0) return timer(works).pipe(tap(finish))
    finish()
    return EMPTY
  }

  function askWaiting(): void {
    const wishes = waiting
    waiting = []
    for (const wish of wishes) askSafely(wish)
  }

  /** What fails has broken the alarm: the actor is opened again, and asked again then. */
  function askSafely(wish: Wish): void {
    try {
      ask(wish)
    } catch {
      if (unconfirmed === null || wish.line > unconfirmed.line) unconfirmed = wish
    }
  }

  return {
    get store() {
      return store
    },
    ask: askSafely,
    deliver: (delivery) => defer(() => store.alarm.deliver(delivery, handle)),
  }
}
