import type { Observable, ObservableInput } from 'rxjs'
import type { AlarmScope } from './alarm-scope.ts'
import type { AlarmList, LastError, ListOptions, SearchOptions } from './listed-alarm.ts'
import type { DueSpan, ManagerStats } from './manager-stats.ts'
import type { AlarmTime, Move } from './time.ts'

/** What comes with a manager write. */
export interface WriteInfo {
  readonly key: string
  /** against the bound: before it, or again at it since its delivery had begun; after it; or the same alarm once more */
  readonly move: Move
  /** greater than that of every write before, over restarts too */
  readonly fence: number
  /** 1 for the first try */
  readonly attempt: number
}

/** One of the writes that a manager is given together; as `write` takes it. */
export interface KeyedWrite<K extends string = string> {
  readonly key: K
  readonly time: AlarmTime
  readonly info: WriteInfo & { readonly key: K }
}

/** How one of several ended: `null` when it is done, or the error that it alone failed with. */
export type EachResult = Error | null

/** A wake-up. */
export interface AlarmDelivery {
  readonly key: string
  /** what the alarm was set to, ms since the epoch; it is never delivered before */
  readonly scheduledTime: number
  /** the fence of the write that set it */
  readonly fence: number
  /** how many counted failures this alarm has behind it */
  readonly retryCount: number
  /**
   * Which alarm of that key it is: the same on each try, over restarts, and where it was written once more (`move: 'same'`); another one for
   * an alarm that was set again, be it to the same time. Without one the actor makes it of `fence` and `scheduledTime`.
   */
  readonly id?: string
}

/** What a manager tells of its deliveries. `at` is its clock, ms. */
export type DeliveryEvent = {
  readonly at: number
  readonly key: string
  readonly scheduledTime: number
  readonly fence: number
  readonly retryCount: number
} & (
  | {
      readonly kind: 'delivered'
      /** ms after it was due: after its time, or the end of its back-off or of the lease before */
      readonly lateness: number
    }
  /** the handler completed; `removed` is false where a newer write stands */
  | { readonly kind: 'done'; readonly removed: boolean }
  /** delivered again at `retryAt`; `null` where a newer write stands instead, or no retry is left: then it is given up next */
  | {
      readonly kind: 'failed'
      readonly error: unknown
      readonly counted: boolean
      readonly retryAt: number | null
    }
  /** the lease ran out before the handler answered: cancelled, and delivered again, which does not count */
  | { readonly kind: 'expired' }
  /** given up after the last counted retry, or on `retry: false`; `kept` is the newer alarm that stands, if any */
  | { readonly kind: 'abandoned'; readonly kept: AlarmTime }
  /** likewise where there is no `abandon`: kept as failed, delivered no more, until it is retried, discarded or set again */
  | { readonly kind: 'given-up'; readonly lastError: LastError | null }
  /**
   * The manager's storage fails in a way that can pass (a lock, a full disk, a server that is away), so that nothing is delivered until the
   * next try at `retryAt`. Of no alarm in particular: its key is `''` and its numbers are 0.
   */
  | { readonly kind: 'stalled'; readonly error: unknown; readonly retryAt: number }
  /** it works again, after so many ms; likewise */
  | { readonly kind: 'resumed'; readonly stalledFor: number }
)

/** The port that every manager implements: one alarm per key, a fence per write, deliveries at least once and never early. */
export interface AlarmManager {
  /**
   * Sets the alarm of `key`, or removes it (`null`). Completion means that the manager has it; an earlier move must be durable by
   * then. A write whose fence is below the one held changes nothing and fails with `AlarmFencedError`. A removal leaves its fence.
   * The very write that is held, once more, changes nothing; nor does it revive an alarm that was delivered and done.
   *
   * A new alarm has no failures behind it and no back-off, but waits for a handler that runs for the one before. The same alarm under
   * a higher fence (`move: 'same'`) is no new one: it keeps both.
   */
  write(key: string, time: AlarmTime, info: WriteInfo): ObservableInput<unknown>

  /**
   * Does what `write` would do for each of these, at one go: one statement, one transaction, one fsync. Optional; a fleet then writes
   * all that its actors have to write in one turn with one call.
   *
   * Emits one array and completes: a result for each write, in their order, `null` where the manager has it. What is wrong with one alone
   * is the error in its place, an `AlarmFencedError` for a stale one, and changes nothing about the others. An error of the whole means that
   * none may be relied on: each fails with it. A result counts when the call has completed. A manager whose `write`s share a
   * transaction anyway, as those of one turn do in `sqliteManager`, needs none of this.
   *
   * Given: one write or more, never two of the same key. Not given: that calls wait for each other. Several can be under way, for other
   * keys; and for the same one when its first client gave up, which is what the fence is for. Unsubscribing means that nothing waits any
   * more; like `write`, it may still be applied.
   */
  writeMany?(writes: readonly KeyedWrite[]): ObservableInput<readonly EachResult[]>

  /**
   * Lists its alarms in the order in which they are due, page by page; what changes meanwhile can be missed, or come twice. Optional, like
   * `retry` and `discard`.
   *
   * ```ts
   * for await (const { key, lastError } of manager.list({ state: 'failed' })) console.log(key, lastError?.message)
   * ```
   */
  list?(options?: ListOptions): AlarmList

  /**
   * Lists alarms in the order of their keys (by code point), from an index of these: at once, however many others there are. Optional;
   * without it, `list({ prefix })` goes through all.
   */
  search?(options: SearchOptions): AlarmList

  /**
   * Delivers a failed alarm again, at once and with all its retries; also one that was rescheduled, and waits; and one that is delivered by
   * a process that has died, before the end of its lease: it has not reported for ten minutes, or for 30 s and is gone from this machine.
   * Resolves to whether there was one: under this `fence`, if one is given.
   */
  retry?(key: string, options?: { readonly fence?: number }): PromiseLike<boolean>

  /**
   * Removes a failed alarm, and leaves its fence. Resolves to whether there was one: under this `fence`, if one is given.
   *
   * Gotcha: the store goes on holding it, and sets it again when the actor is opened. To have it gone, delete it through its actor.
   */
  discard?(key: string, options?: { readonly fence?: number }): PromiseLike<boolean>

  /**
   * Delivers a failed alarm again at a time of the clock (ms since the epoch, or a `Date`), with all its retries, and never before its own
   * time: what it was set to stays. It may be rescheduled once more while it waits. Resolves as `retry` does. Throws `ALARM_TIME_INVALID`.
   */
  reschedule?(key: string, time: number | Date, options?: { readonly fence?: number }): PromiseLike<boolean>

  /**
   * Delivers these alarms no more until they are resumed, in every process; `{}`: none. Handlers at work go on. Resolves to whether that
   * is new.
   *
   * What is due while it is paused stays due, and is late by that much when it is resumed: `stats` and `list` say so.
   */
  pause?(scope?: AlarmScope): PromiseLike<boolean>

  /**
   * Ends all pauses of these alarms, and of some of them. Resolves to whether there were any.
   *
   * Gotcha: a pause that is wider than this (of all, where one actor is resumed) goes on.
   */
  resume?(scope?: AlarmScope): PromiseLike<boolean>

  /** Takes nothing more here: each `deliveries` of this manager completes when its handlers have answered, and with the last it resolves. */
  drain?(): PromiseLike<void>

  /**
   * Counts what is held, and says what was done in the last minute, by every process.
   *
   * ```ts
   * const { counts, oldest, deliverers } = await manager.stats()
   * if (deliverers.length === 0) console.log('nothing delivers', counts.due, 'are due', oldest?.overdue, 'ms')
   * ```
   */
  stats?(): PromiseLike<ManagerStats>

  /**
   * Counts what is looked at next in each part of a time, a failed alarm in none. Optional.
   *
   * ```ts
   * const manager = sqliteManager({ file: 'alarms.db' })
   * const now = Date.now()
   * const minutes = await manager.countDue({ from: now, until: now + 3_600_000, parts: 60 })
   * ```
   */
  countDue?(span: DueSpan): PromiseLike<readonly number[]>

  /**
   * The fence that it holds of a key, where it can say so at once; `null` for none. Optional: a store that asks as it opens notices that it is
   * older than its manager (restored from a backup, or begun again) before it is used. Other stores notice with the first write.
   */
  fenceOf?(key: string): number | null

  /**
   * Wakes actors while it is subscribed.
   *
   * ```
   * intents    a5----b20----------------------    what is written
   * handler()  ----------|
   *            manager.deliveries(handler)
   * handler    -----a5........|----b20.......|---
   * kind       -----delivered-done-delivered-done
   * ```
   *
   * The handler completing means done: the alarm is removed if its fence is still the one delivered. An error means retry with back-off;
   * with `counted: false` on it, it does not count towards the retries; with `retry: false` the alarm is given up at once. An alarm that is
   * given up is abandoned, or without an `abandon` kept as failed: a `given-up` event says so, `list` finds it, and the very alarm written
   * once more (`move: 'same'`) leaves it so, or each restart of a process would retry it. Unsubscribing stops the handlers and gives
   * their alarms back.
   */
  deliveries(
    handler: (delivery: AlarmDelivery) => ObservableInput<unknown>,
    options?: DeliveryOptions,
  ): Observable<DeliveryEvent>
}

/** How a manager is to deliver. */
export interface DeliveryOptions {
  /** handlers at a time; default 100 */
  readonly concurrency?: number
  /**
   * Called after the last counted retry; returns the newer alarm that stands, or `null`. If it fails it is called again, uncounted.
   *
   * Without it the manager keeps the alarm as failed.
   */
  readonly abandon?: (
    key: string,
    scheduledTime: number,
    delivery: AlarmDelivery,
  ) => ObservableInput<AlarmTime>
}
