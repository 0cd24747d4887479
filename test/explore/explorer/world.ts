import type { AlarmTime } from '../../../src/index.ts'
import type { EngineState } from './engine.ts'

/** What may still happen in a schedule. */
export interface Budget {
  readonly intents: number
  readonly wakes: number
  /** of a commit, a write, a handler, a lease, or of "done" on its way */
  readonly failures: number
  readonly crashes: number
  /** requests that land after their client gave up */
  readonly late: number
  /** handlers that fail for the last time, so that the manager asks what stands in place of the alarm */
  readonly abandons: number
}

/** A store, a manager, and everything on its way between them and the engine: plain data, replaced and never changed. */
export interface World {
  readonly left: Budget
  readonly clock: number
  /** `null`: the process is dead */
  readonly engine: EngineState | null
  readonly epoch: number
  /** of the last write issued, and of the last one acknowledged */
  readonly fence: number
  readonly acked: number

  readonly store: AlarmTime
  readonly commit: {
    readonly time: AlarmTime
    /** the alarm that the store held before */
    readonly was: AlarmTime
    readonly asked: number
    readonly applied: boolean
    /** of the alarm in the row, where that is the manager's, too; `null`: it is not */
    readonly fence: number | null
    readonly isNew: boolean
  } | null
  readonly manager: {
    readonly time: AlarmTime
    readonly fence: number
    /** the fence of the write that set this alarm; the same one written once more is no new alarm */
    readonly setBy: number
    /** given up and kept: it is not delivered */
    readonly failed: boolean
  }
  readonly write: {
    readonly time: AlarmTime
    readonly fence: number
    readonly early: boolean
    /** the same alarm once more */
    readonly again: boolean
    readonly applied: boolean
  } | null
  /** given up by their clients, and still on their way */
  readonly strays: readonly Stray[]
  /** the delivery that the manager waits for */
  readonly lease: Lease | null

  /** a delivery that the manager gave up without its client hearing of it */
  readonly orphan: Lease | null

  /** what the application wants, as an onlooker knows it */
  readonly desired: AlarmTime
  /** how often the state around the alarm has changed, each intent with it; and the change that closes the gate */
  readonly asked: number
  readonly gated: number
  /** the change that the store holds */
  readonly durable: number
  /** in the output gate: for each value the intents that it waits for */
  readonly values: readonly number[]
  /** the handler that runs; `consumes`: its success uses the alarm up */
  readonly run: { readonly time: number; readonly consumes: boolean; readonly orphan: boolean } | null
  /** handlers that succeeded in using one up */
  readonly consumed: number
  /** the newest alarm, by the write that set it, whose delivery has begun; and the newest when the application asked last */
  readonly ran: number
  readonly ranBefore: number

  /** a later move was given up, or "done" was lost: the manager may be early until it wakes the actor */
  readonly mayBeEarly: boolean
  /** issued since something last happened to the engine that no acknowledgement is */
  readonly writes: number
  readonly commits: number

  /** the first sentence of the protocol that did not hold */
  readonly fault: string | null
}

/** A world in the making. */
export type Draft = { -readonly [K in keyof World]: World[K] }

export interface Lease {
  readonly time: number
  readonly fence: number
  readonly setBy: number
  /** `exhausted`: no retry is left; `asked`: what stands in its place; `answered`: "done" is on its way */
  readonly state: 'open' | 'exhausted' | 'asked' | 'answered'
  /** the newer alarm that stands, where it is abandoned */
  readonly kept: AlarmTime
}

/** A write, or a "done" for what was delivered. */
export type Stray = { readonly fence: number } & (
  | { readonly time: AlarmTime; readonly again: boolean }
  | { readonly done: number; readonly kept: AlarmTime }
)

/** Before the first opening: the store and the manager agree. */
export function worldBefore(alarm: AlarmTime, left: Budget): World {
  return {
    left,
    clock: 0,
    engine: null,
    epoch: 0,
    fence: 0,
    acked: 0,
    store: alarm,
    commit: null,
    manager: { time: alarm, fence: 0, setBy: 0, failed: false },
    write: null,
    strays: [],
    lease: null,
    orphan: null,
    desired: alarm,
    asked: 0,
    gated: 0,
    durable: 0,
    values: [],
    run: null,
    consumed: 0,
    ran: -1,
    ranBefore: -1,
    mayBeEarly: false,
    writes: 0,
    commits: 0,
    fault: null,
  }
}
