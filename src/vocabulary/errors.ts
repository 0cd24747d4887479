import { given } from './given.ts'
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
  | 'ALARM_FLEET_FULL'
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
  | 'ALARM_STORAGE_OLDER'
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
  /** of `ALARM_CLOSE_FAILED`: the actors of which not all that was accepted could be kept */
  declare readonly keys?: readonly string[]

  constructor(
    code: AlarmErrorCode,
    message: string,
    options?: { cause?: unknown; counted?: false; passes?: boolean; keys?: readonly string[] },
  ) {
    super(message, options && 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    if (options?.counted === false) this.counted = false
    if (options?.passes === true) this.passes = true
    if (options?.keys !== undefined) this.keys = options.keys
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

/** Whether it is the end that was asked for by `close()`. */
export const isClosed = (error: unknown): boolean =>
  error instanceof AlarmError && error.code === 'ALARM_CLOSED'

/** Whether a manager means "another incarnation owns this actor", also when its error comes from another copy of this library. */
export function isFenced(error: unknown): boolean {
  return typeof error === 'object' && fieldOf(error, 'code') === 'ALARM_FENCED'
}

/** The fence that a manager holds, where its error says that a write was below it and what it is. */
export function heldFence(error: unknown): number | undefined {
  const held = fieldOf(error, 'held')
  return isFenced(error) && typeof held === 'number' ? held : undefined
}
