import { fieldOf } from './safe-field.ts'

/** What a `catch` can distinguish; these codes never change. */
export type AlarmErrorCode =
  | 'ALARM_TIME_INVALID'
  | 'ALARM_INTENT_INVALID'
  | 'ALARM_CONFIG_INVALID'
  | 'ALARM_KEY_INVALID'
  | 'ALARM_DELIVERY_INVALID'
  | 'ALARM_RETURN_INVALID'
  | 'ALARM_PRECOMMIT_FAILED'
  | 'ALARM_COMMIT_FAILED'
  | 'ALARM_WRITE_FAILED'
  | 'ALARM_FENCED'
  | 'ALARM_FENCE_EXHAUSTED'
  | 'ALARM_CLOSED'
  | 'ALARM_INTERNAL'
  | 'ALARM_CLOSE_FAILED'
  | 'ALARM_LOADING'
  | 'ALARM_LOAD_FAILED'
  | 'ALARM_TIMEOUT'
  | 'ALARM_STORAGE_FAILED'
  | 'ALARM_SQL_REFUSED'
  | 'ALARM_VALUE_INVALID'
  | 'ALARM_STORAGE_INVALID'
  | 'ALARM_STORAGE_LOCKED'
  | 'ALARM_LOCK_EXPIRED'
  | 'ALARM_IN_USE'
  | 'ALARM_STORAGE_READONLY'
  | 'ALARM_STORAGE_NEWER'
  | 'ALARM_STORAGE_MISSING'
  | 'ALARM_STORAGE_GONE'
  | 'ALARM_STORAGE_UNREACHABLE'
  | 'ALARM_STORAGE_UNSUPPORTED'
  | 'ALARM_TRANSACTION_INVALID'

/**
 * Every error of this library: a stable `code`, and a message that says what was expected, what was given and what to do.
 *
 * `counted` is `false` on failures that are not the handler's (store, manager, ownership): a manager retries those without end
 * and does not count them against the alarm's retries. `passes` is `true` where the cause can end by itself (a lock, a full disk, a server
 * that is away): deliveries wait for that end.
 */
export class AlarmError extends Error {
  override readonly name: string = 'AlarmError'
  readonly code: AlarmErrorCode
  declare readonly counted?: false
  declare readonly passes?: true

  constructor(
    code: AlarmErrorCode,
    message: string,
    options?: { cause?: unknown; counted?: false; passes?: boolean },
  ) {
    super(message, options && 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    if (options?.counted === false) this.counted = false
    if (options?.passes === true) this.passes = true
  }
}

/** A time that no alarm can have (`ALARM_TIME_INVALID`). */
export class AlarmTimeError extends AlarmError {
  override readonly name = 'AlarmTimeError'
  constructor(
    time: unknown,
    message = `An alarm time is a whole number of milliseconds since the epoch, 0 or more, or a valid Date; given ${given(time)}. ` +
      'To remove the alarm use delete().',
  ) {
    super('ALARM_TIME_INVALID', message)
  }
}

/** A config that cannot work (`ALARM_CONFIG_INVALID`): refused before anything is opened. */
export class AlarmConfigError extends AlarmError {
  override readonly name = 'AlarmConfigError'
  constructor(what: string, expected: string, value: unknown) {
    super('ALARM_CONFIG_INVALID', `${what} must be ${expected}; given ${given(value)}.`)
  }
}

/** An earlier move that the manager did not take (`ALARM_PRECOMMIT_FAILED`): nothing was committed. */
export class AlarmPrecommitError extends AlarmError {
  override readonly name = 'AlarmPrecommitError'
  constructor(key: string, time: string, cause: unknown) {
    super(
      'ALARM_PRECOMMIT_FAILED',
      `The manager did not take the earlier alarm ${time} of ${given(key)}, so it was not committed: ${reason(cause)}. ` +
        'Open the alarm again from its store; a fleet does so when it is asked next.',
      { cause, counted: false },
    )
  }
}

/** A commit that the store refused (`ALARM_COMMIT_FAILED`): the manager may now be early, which heals at the wake-up. */
export class AlarmCommitError extends AlarmError {
  override readonly name = 'AlarmCommitError'
  constructor(key: string, time: string, cause: unknown) {
    super(
      'ALARM_COMMIT_FAILED',
      `The store did not commit the alarm ${time} of ${given(key)}: ${reason(cause)}. ` +
        'Open the alarm again from its store; a fleet does so when it is asked next.',
      { cause, counted: false },
    )
  }
}

/** A write that a delivery had to wait for and that failed (`ALARM_WRITE_FAILED`): the manager should deliver again. */
export class AlarmWriteError extends AlarmError {
  override readonly name = 'AlarmWriteError'
  constructor(key: string, time: string, cause: unknown) {
    super(
      'ALARM_WRITE_FAILED',
      `The manager did not take the alarm ${time} of ${given(key)}, so its delivery stays open: ${reason(cause)}. ` +
        'Nothing is lost: answer the manager with this error and it delivers again.',
      { cause, counted: false },
    )
  }
}

/**
 * A write below the fence that the manager holds (`ALARM_FENCED`): another incarnation owns this actor now, or its store is older than the
 * manager. With `held`, a store that can raise its epoch above it goes on.
 */
export class AlarmFencedError extends AlarmError {
  override readonly name = 'AlarmFencedError'
  readonly key: string
  /** of the write that was refused */
  readonly fence: number
  /** the one that the manager holds, where it says so */
  declare readonly held?: number
  constructor(key: string, fence: number, held?: number) {
    super(
      'ALARM_FENCED',
      `The manager refused fence ${fence} of ${given(key)}${held === undefined ? '' : `, it holds ${held}`}: another incarnation owns this ` +
        'actor, or its store is older than the manager (restored from a backup, or begun again). Stop this one, or open it again from its ' +
        'store, which raises the epoch.',
      { counted: false },
    )
    this.key = key
    this.fence = fence
    if (held !== undefined) this.held = held
  }
}

/** What was thrown where nothing may throw (`ALARM_INTERNAL`): a clock, a stack that is full, or a fault of this library. */
export class AlarmInternalError extends AlarmError {
  override readonly name = 'AlarmInternalError'
  constructor(key: string, cause: unknown) {
    super(
      'ALARM_INTERNAL',
      `The alarm of ${given(key)} is broken by what was thrown while it was being kept: ${reason(cause)}. Nothing that was not ` +
        'durable is done. Open the alarm again from its store; a fleet does so when it is asked next.',
      { cause, counted: false },
    )
  }
}

/** Something was asked of an alarm after `close()` (`ALARM_CLOSED`). */
export class AlarmClosedError extends AlarmError {
  override readonly name = 'AlarmClosedError'
  constructor(key: string) {
    super('ALARM_CLOSED', `The alarm of ${given(key)} was closed. Open it again from its store.`, {
      counted: false,
    })
  }
}

/**
 * Closing could not keep all that was accepted (`ALARM_CLOSE_FAILED`): `keys` says of which actors.
 *
 * What a store has committed stands. Where only the manager did not answer in time, it may be early, which heals at the wake-up.
 */
export class AlarmCloseError extends AlarmError {
  override readonly name = 'AlarmCloseError'
  readonly keys: readonly string[]
  constructor(keys: readonly string[], cause: unknown) {
    super(
      'ALARM_CLOSE_FAILED',
      `Closing could not keep all that was accepted of ${listed(keys)}: ${reason(cause)}. Open again, and ask again for what is missing.`,
      { cause, counted: false },
    )
    this.keys = keys
  }

  /** Waited for in vain: what each actor waits for, by key. */
  static late(limit: number, pending: ReadonlyMap<string, string>): AlarmCloseError {
    const keysOf = new Map<string, string[]>()
    for (const [key, what] of pending) keysOf.set(what, [...(keysOf.get(what) ?? []), key])
    const waits = [...keysOf].map(([what, keys]) => `${what} of ${listed(keys)}`)
    return new AlarmCloseError(
      [...pending.keys()],
      new Error(`after ${limit} ms it still waited for ${waits.join(' and ')}`),
    )
  }

  /** Of several that closed at the same time. */
  static of(errors: readonly unknown[]): AlarmCloseError {
    const keys = errors.flatMap((error) => (error instanceof AlarmCloseError ? error.keys : []))
    return new AlarmCloseError(keys, new AggregateError(errors, errors.map(reason).join('; ')))
  }
}

/** Something was asked that cannot be answered while the store is (`ALARM_LOADING`). */
export class AlarmLoadingError extends AlarmError {
  override readonly name = 'AlarmLoadingError'
  constructor(key: string) {
    super(
      'ALARM_LOADING',
      `The alarm of ${given(key)} is being loaded, so its time is not known yet. Wait for confirmed(), then ask again.`,
      { counted: false },
    )
  }
}

/** An actor that a fleet could not load from its store (`ALARM_LOAD_FAILED`): what was asked of it meanwhile is lost. */
export class AlarmLoadError extends AlarmError {
  override readonly name = 'AlarmLoadError'
  constructor(key: string, cause: unknown) {
    super(
      'ALARM_LOAD_FAILED',
      `The store did not load the alarm of ${given(key)}, so nothing asked of it was done: ${reason(cause)}. ` +
        'Ask again, and it is loaded again.',
      { cause, counted: false },
    )
  }
}

/** What a config's function returned did not end within `timeout` (`ALARM_TIMEOUT`): the cause of what failed by it. It may still be done later. */
export class AlarmTimeoutError extends AlarmError {
  override readonly name = 'AlarmTimeoutError'
  constructor(what: string, timeout: number) {
    super(
      'ALARM_TIMEOUT',
      `${what} must complete within the timeout of ${timeout} ms; it did not answer, and was unsubscribed. What it asked for may still be done: ` +
        'see why it is slow, or give a longer timeout.',
      { counted: false },
    )
  }
}

/** Whether a manager means "another incarnation owns this actor", also when its error comes from another copy of this library. */
export function isFenced(error: unknown): boolean {
  return typeof error === 'object' && fieldOf(error, 'code') === 'ALARM_FENCED'
}

/** The fence that a manager holds, where its error says that a write was below it and what it is. */
export function heldFence(error: unknown): number | undefined {
  const held = fieldOf(error, 'held')
  return isFenced(error) && typeof held === 'number' ? held : undefined
}

/** A value in an error message: short, on one line, and never itself a cause of trouble. */
export function given(value: unknown): string {
  if (typeof value === 'number' || value === null || value === undefined) return String(value)
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  return isDate(value) ? 'an invalid Date' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function isDate(value: unknown): boolean {
  try {
    return Object.prototype.toString.call(value) === '[object Date]'
  } catch {
    return false // a Proxy that was revoked
  }
}

const LISTED = 10

function listed(keys: readonly string[]): string {
  const more = keys.length - LISTED
  return keys.slice(0, LISTED).map(given).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/** Without its own full stop: the sentence goes on. */
function reason(cause: unknown): string {
  const message = typeof cause === 'object' ? fieldOf(cause, 'message') : undefined
  return typeof message === 'string' ? message.replace(/\.$/, '') : given(cause)
}
