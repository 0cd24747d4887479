import { AlarmError } from '../../vocabulary/errors.ts'
import { given } from '../../vocabulary/given.ts'

/** A change in the function of another one. */
export function nestedChange(): AlarmError {
  return new AlarmError(
    'ALARM_TRANSACTION_INVALID',
    'change was called inside of the function of another change, whose transaction it would wait for. Await that one first.',
    { counted: false },
  )
}

/** The function of a change that has not ended. */
export function tooLong(key: string, timeout: number): AlarmError {
  return new AlarmError(
    'ALARM_TRANSACTION_INVALID',
    `The function that changes ${given(key)} has not ended within ${timeout} ms, so it was rolled back: all else of the file waits for it. ` +
      'Leave out of it what is no statement of its transaction.',
    { counted: false },
  )
}

/** What is asked by the function of a change that is over. */
export function changeOver(key: string): AlarmError {
  return new AlarmError(
    'ALARM_TRANSACTION_INVALID',
    `The function that changes ${given(key)} was over when this was asked for, so it was not done. Await every query inside.`,
    { counted: false },
  )
}

/** A change that was not begun in time. */
export function notBegun(key: string, timeout: number): AlarmError {
  return new AlarmError(
    'ALARM_TIMEOUT',
    `The change of ${given(key)} has not begun within ${timeout} ms, so it was left out: those that were asked for before it take too long, ` +
      'or too many are asked for at once. Ask for less, or give a greater timeout.',
    { counted: false, passes: true },
  )
}

/** A statement that would end the transaction of others, or go on for what comes after it there. */
export function endsForOthers(word: string): AlarmError {
  return new AlarmError(
    'ALARM_TRANSACTION_INVALID',
    `${word} was asked for inside of change, whose transaction is that of other actors, too. To roll back what this one has done, throw an ` +
      'error; settings are for a connection of your own.',
    { counted: false },
  )
}

/** A change that a handler has under way when its delivery ends. */
export function deliveryOver(key: string): AlarmError {
  return new AlarmError(
    'ALARM_CLOSED',
    `The delivery is over whose handler changes ${given(key)}: its lease has ended, or it has failed. So this was rolled back. Nothing is lost: ` +
      'the manager delivers again.',
    { counted: false },
  )
}

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
