import type { Observable } from 'rxjs'

/** What a delivery failed with, as far as a manager keeps it: 4 KB at most. */
export interface LastError {
  readonly name: string
  /** its beginning */
  readonly message: string
  /** the first lines of its stack, where it has one and the manager keeps it */
  readonly stack?: string
  /** ms, by the manager's clock */
  readonly at: number
  /** when this alarm failed first; likewise */
  readonly since?: number
}

/**
 * `pending` before its time, `due` from then on, `delivering` while its handler has the lease, `backing-off` after a failure, `failed` when
 * it was given up and kept: only `retry`, `reschedule`, `discard` or a new alarm end that.
 */
export type ListedState = 'pending' | 'due' | 'delivering' | 'backing-off' | 'failed'

/** An alarm, as a manager lists it. */
export interface ListedAlarm {
  readonly key: string
  /** what it was set to, ms since the epoch */
  readonly time: number
  /** when it is looked at next: at its time, or the end of its back-off or of its lease; `null` where it has failed */
  readonly due: number | null
  readonly state: ListedState
  readonly fence: number
  /** failed deliveries behind it, counted or not; where an error with `retry: false` came after others, all that it used up */
  readonly failures: number
  readonly lastError: LastError | null
  /** it is not delivered while it is due, until it is resumed */
  readonly paused: boolean
  /** while it is delivered: which deliveries have it, and until when (ms since the epoch) another may not take it */
  readonly lease: { readonly holder: string; readonly until: number } | null
}

/** Which alarms to list. */
export interface ListOptions {
  /** only the alarm of this one, if there is one */
  readonly key?: string
  readonly state?: ListedState
  /** only those due before this time, ms since the epoch; of a failed one its time counts */
  readonly dueBefore?: number
  /** only those that come after this one, which was listed before: itself, or its key while it is held */
  readonly after?: Pick<ListedAlarm, 'key' | 'time' | 'due'> | string
  /** at most so many; default all */
  readonly limit?: number
  /** only those whose keys begin so */
  readonly prefix?: string
}

/** Which alarms to look for by their keys. */
export interface SearchOptions {
  /** what their keys begin with; `''` is all */
  readonly prefix: string
  /** only those whose keys come after this one, which begins so, too */
  readonly after?: string
  /** at most so many; default all */
  readonly limit?: number
}

/** Alarms, to be subscribed to or iterated over with `for await`. */
export type AlarmList = Observable<ListedAlarm> & AsyncIterable<ListedAlarm>
