import type { AlarmTime, Move } from './time.ts'

interface Write {
  readonly move: Move
  readonly time: AlarmTime
  readonly fence: number
  readonly attempt: number
}

interface Took {
  /** ms from issued to answered; `null` without a subscriber when it was issued */
  readonly took: number | null
}

interface Delivered {
  readonly scheduledTime: number
  readonly retryCount: number
}

type Story =
  /** an intent arrived; the state is the one that it met */
  | {
      readonly kind: 'intent'
      readonly time: AlarmTime
      readonly move: Move
      readonly unconfirmed: boolean
      readonly bound: AlarmTime
      readonly committed: AlarmTime
      /** the same time again, since a delivery of it has begun: an alarm of its own */
      readonly again?: true
    }
  /** the state around the alarm changed, so that a commit is due though the alarm stays */
  | { readonly kind: 'touched'; readonly unconfirmed: boolean }
  /** an earlier move waits for the write in flight */
  | { readonly kind: 'held'; readonly time: AlarmTime }
  /** and goes, or turned out not to be needed; `heldFor` in ms */
  | { readonly kind: 'released'; readonly time: AlarmTime; readonly heldFor: number }
  /** a time that was never committed, or committed and never written, because a newer one took its place */
  | {
      readonly kind: 'superseded'
      readonly before: 'commit' | 'write'
      readonly time: AlarmTime
      readonly by: AlarmTime
    }
  | ({ readonly kind: 'write-issued' } & Write)
  | ({ readonly kind: 'write-acknowledged' } & Took & Write)
  | ({ readonly kind: 'write-failed'; readonly error: unknown } & Took & Write)
  | ({ readonly kind: 'write-fenced'; readonly error: unknown } & Took & Write)
  /**
   * the manager held a higher fence than this opening could have given out: its store is older, and has raised its epoch above. The write
   * in flight goes on under `fence`
   */
  | { readonly kind: 'epoch-raised'; readonly held: number; readonly epoch: number; readonly fence: number }
  /** the writes of this opening do not fit into its epoch: the store has raised it durably, and its fences go on into this one */
  | { readonly kind: 'epoch-added'; readonly epoch: number }
  /** a later write that failed is tried again after `delay` ms, with what is committed then */
  | ({ readonly kind: 'write-retried'; readonly delay: number } & Write)
  /** a later write is not tried again: the manager may be early, which heals at the wake-up */
  | ({ readonly kind: 'write-given-up'; readonly error: unknown } & Write)
  | { readonly kind: 'commit-issued'; readonly time: AlarmTime }
  | ({ readonly kind: 'commit-acknowledged'; readonly time: AlarmTime } & Took)
  | ({ readonly kind: 'commit-failed'; readonly time: AlarmTime; readonly error: unknown } & Took)
  | ({ readonly kind: 'delivery-arrived' } & Delivered)
  /** the handler starts, for the alarm `time`, which the manager may have held as another; `deletes`: its success deletes the alarm */
  | ({ readonly kind: 'delivery-run'; readonly time: number; readonly deletes: boolean } & Delivered)
  /** woken too early: the manager was given `time` instead */
  | ({ readonly kind: 'delivery-rescheduled'; readonly time: AlarmTime } & Delivered)
  | ({ readonly kind: 'delivery-failed'; readonly error: unknown } & Delivered)
  | ({ readonly kind: 'delivery-done' } & Delivered)
  /** the store and the manager agree; `caughtUp` is false where the last write was given up */
  | { readonly kind: 'drained'; readonly time: AlarmTime; readonly caughtUp: boolean }
  /** the manager woke us for a time after the committed one: it had lost or overwritten an acknowledged write */
  | { readonly kind: 'violation'; readonly manager: number; readonly committed: number }

/**
 * One thing that happened to an alarm: `at` is the clock in ms, `key` the actor.
 *
 * Together the events tell the whole story; a timeline drawn from them needs nothing else.
 */
export type AlarmEvent = { readonly at: number; readonly key: string } & Story

/** An event before it is stamped. */
export type AlarmStory = Story

type FleetStory =
  /** an actor was loaded from its store, with the epoch that was raised for it */
  | { readonly kind: 'opened'; readonly time: AlarmTime; readonly epoch: number }
  /** the store did not load it; so many intents and touches that waited for it are lost */
  | { readonly kind: 'load-failed'; readonly error: unknown; readonly lost: number }
  /** what broke its alarm: all that was not durable is lost, and its next intent loads it again */
  | { readonly kind: 'broken'; readonly error: unknown }
  /** it broke, or was not loaded, again: for so many ms it is not loaded again, and what it is asked gets that error */
  | { readonly kind: 'backing-off'; readonly delay: number; readonly error: unknown }
  /** an intent that cannot be kept: nothing has changed */
  | { readonly kind: 'refused'; readonly error: unknown }
  /** a write waits for its turn: so many actors wait, and so many writes are in flight */
  | {
      readonly kind: 'waiting'
      readonly move: 'earlier' | 'later'
      readonly waiting: number
      readonly writing: number
    }
  /** nothing was asked of it for a while: its store and its manager have it, the fleet no longer does */
  | { readonly kind: 'dropped' }
  /** closed by its handle */
  | { readonly kind: 'closed' }

/** One thing that happened to an actor of a fleet: to its alarm, or to it as one of many. */
export type KeyedEvent<K extends string = string> = { readonly at: number; readonly key: K } & (
  | Story
  | FleetStory
)

/** What happened to an actor as one of many, before it is stamped. */
export type KeyedStory = FleetStory
