import type { AlarmTime, Move } from '../../index.ts'

/** A manager write in flight. */
export interface Writing {
  readonly move: Move
  readonly time: AlarmTime
  fence: number
  readonly attempt: number
}

/** A delivery, from its arrival on. */
export interface Woken {
  readonly scheduledTime: number
  readonly retryCount: number
  readonly at: number
  /** the last write issued when it arrived */
  readonly before: number | undefined
}

/** A handler; `deletes`: its success deletes the alarm, and nothing has been asked since. */
interface Running extends Woken {
  deletes: boolean
  /** it has succeeded, and what deletes the alarm is on its way */
  isDone: boolean
}

/**
 * What is known of one actor: `undefined` is not known, and then all is allowed that depends on it. The names are those of the actor in
 * spec/nolater.pml.
 */
export interface Known {
  desired: AlarmTime | undefined
  committed: AlarmTime | undefined
  bound: AlarmTime | undefined
  touched: boolean | undefined
  again: boolean | undefined
  resting: boolean | undefined
  /** `null`: none */
  writing: Writing | null | undefined
  commits: { readonly time: AlarmTime } | null | undefined
  issued: number | undefined
  acked: number | undefined
  setBy: number | undefined
  stale: number | undefined
  attempt: number
  arrived: Woken[]
  run: Running | null | undefined
  /** two deliveries could not be distinguished: what is said of either may be of the other */
  areAlike: boolean
  /** the write that failed last, until it is said what comes of it */
  failed: Writing | null
  /** the deletion that was asked for, or is in flight, may be of an alarm that is given up */
  mayBeGivenUp: boolean
  /** it is broken: only its end is left */
  isEnding: boolean
  index: number
}

const NONE = -1

/** A log begins in its middle. */
export function nothingKnown(index: number): Known {
  return {
    desired: undefined,
    committed: undefined,
    bound: undefined,
    touched: undefined,
    again: undefined,
    resting: undefined,
    writing: undefined,
    commits: undefined,
    issued: undefined,
    acked: undefined,
    setBy: undefined,
    stale: undefined,
    attempt: 0,
    arrived: [],
    run: undefined,
    areAlike: false,
    failed: null,
    mayBeGivenUp: false,
    isEnding: false,
    index,
  }
}

/** An actor that was just opened. */
export function opened(time: AlarmTime, base: number, index: number): Known {
  return {
    ...nothingKnown(index),
    desired: time,
    committed: time,
    bound: time,
    touched: false,
    again: false,
    resting: false,
    writing: null,
    commits: null,
    issued: base,
    acked: base,
    setBy: base,
    stale: NONE,
    run: null,
  }
}
