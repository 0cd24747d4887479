import { Observable, type SchedulerLike } from 'rxjs'
import { reportUncaught } from '../../operators/report-uncaught.ts'
import { elapsedOf } from '../../vocabulary/elapsed.ts'
import type { AlarmError } from '../../vocabulary/errors.ts'
import { BUSY_TIMEOUT } from '../connect.ts'
import { type Locked, stepLine } from '../step-line.ts'
import type { JournalFile } from './journal-file.ts'
import { pendingEvents } from './pending-events.ts'

/** Brings events to the file of a journal: those of one turn of the event loop in one transaction. Nothing of it throws. */
export interface JournalWriter {
  /** events that were lost so far */
  readonly lost: number
  add(key: string, at: number, text: string): void
  /** Writes what is pending; completes when that is done, or was given up. */
  flush(): Observable<never>
  close(): void
}

/** How a writer goes about it. */
export interface WriterOptions {
  readonly keep: number
  readonly scheduler: SchedulerLike
  /** `busyTimeout` ms is how long the thread may wait */
  open(busyTimeout: number): JournalFile
  onError(error: AlarmError): void
}

const AT_ONCE = 1 // ms
const REST = 1_000 // ms after a failure

/** Opens the file now. Throws what is wrong with it, unless that can pass: then it is opened with a later event. */
export function journalWriter({ keep, scheduler, open, onError }: WriterOptions): JournalWriter {
  const pending = pendingEvents(keep)
  const line = stepLine({ scheduler, busyTimeout: BUSY_TIMEOUT }, perform)
  const step = { failed }
  const elapsed = elapsedOf(scheduler)
  let file: JournalFile | null = null
  let isAsked = false
  let isLocked = false
  let isFailing = false
  let restUntil = 0
  let lost = 0
  let settled = (): void => {}

  function perform(steps: readonly (typeof step)[], locked?: Locked<typeof step>): void {
    isLocked = false
    try {
      file ??= open(AT_ONCE)
      file.write(pending, (error) => {
        isLocked = true
        locked?.(error, steps)
      })
    } catch (error) {
      failed(error as AlarmError)
      return
    }
    if (!isLocked) done()
  }

  function done(): void {
    isAsked = false
    isFailing = false
    lost += pending.gap?.lost ?? 0
    pending.clear()
    settled()
  }

  /** What is pending is kept; it goes with a later event, or with the end. */
  function failed(error: AlarmError): void {
    isAsked = false
    isLocked = false
    restUntil = elapsed() + REST
    if (!error.passes) letGo() // it may be another one by now
    if (!isFailing) reportUncaught(() => onError(error))
    isFailing = true
    settled()
  }

  function ask(): boolean {
    if (isAsked) return false
    isAsked = true
    return line.add(step)
  }

  function letGo(): void {
    const open = file
    file = null
    reportUncaught(() => open?.close())
  }

  try {
    file = open(BUSY_TIMEOUT)
  } catch (error) {
    if (!(error as AlarmError).passes) throw error
    failed(error as AlarmError)
  }

  return {
    get lost() {
      return lost + (pending.gap?.lost ?? 0)
    },
    add(key, at, text) {
      if (!isLocked && !pending.hasRoom(text.length)) line.attempt() // in the middle of a long turn
      pending.add(key, at, text)
      const isResting = isFailing && elapsed() < restUntil
      if (!isResting && ask()) setImmediate(line.attempt)
    },
    flush: () =>
      new Observable((subscriber) => {
        if (pending.size === 0) {
          subscriber.complete()
          return
        }
        settled = () => subscriber.complete()
        ask()
        line.attempt()
      }),
    close() {
      lost += pending.size
      pending.clear()
      letGo()
    },
  }
}
