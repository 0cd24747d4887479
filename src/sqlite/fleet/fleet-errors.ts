import { AlarmError } from '../../vocabulary/errors.ts'
import { given } from '../../vocabulary/given.ts'

/** An earlier alarm that is not with the manager yet, while the file is locked for it. */
export function unanswered(timeout: number): AlarmError {
  return new AlarmError(
    'ALARM_LOCK_EXPIRED',
    `The manager has not taken the alarms of changes within ${timeout} ms, for which the file is locked, so they were rolled back. See why it ` +
      'does not answer, then ask again.',
    { counted: false, passes: true },
  )
}

/** The manager holds a higher fence than the actor that is being changed can have. */
export function behind(key: string): AlarmError {
  return new AlarmError(
    'ALARM_FENCED',
    `The actor ${given(key)} needs a higher epoch, and its file is locked by the change that asks for it. It is loaded again under one.`,
    { counted: false, passes: true },
  )
}

/** Statements that were undone with another one's. */
export function undone(cause: unknown): AlarmError {
  return new AlarmError(
    'ALARM_STORAGE_FAILED',
    'The change was rolled back with the transaction that it shared, which another change has ended or could not commit. Ask again.',
    { cause, counted: false, passes: true },
  )
}
