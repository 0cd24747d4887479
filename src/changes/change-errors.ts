import { configError } from '../vocabulary/error-of.ts'
import { AlarmError } from '../vocabulary/errors.ts'
import { given } from '../vocabulary/given.ts'

/** Throws `ALARM_CONFIG_INVALID` where it is no function. */
export function checkChange(work: unknown): void {
  if (typeof work !== 'function')
    throw configError('What changes an actor', 'a function of its transaction', work)
}

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
    `The function that changes ${given(key)} has not ended within ${timeout} ms, so it was rolled back: the changes of other actors wait for ` +
      'it. Leave out of it what is no statement of its transaction.',
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
    `The change of ${given(key)} has not begun within ${timeout} ms, so it was left out: changes of its actor that were asked for before it take ` +
      'too long, functions of others do not end, or too many are asked for at once. Ask for less, or give a greater timeout.',
    { counted: false, passes: true },
  )
}

/** A change whose actor was not loaded in time. */
export function notLoaded(key: string, timeout: number): AlarmError {
  return new AlarmError(
    'ALARM_TIMEOUT',
    `The actor ${given(key)} was not loaded within ${timeout} ms, so its change was left out: the database does not answer, or a commit of its ` +
      'that was asked for before is not over. See that the database answers, and ask again.',
    { counted: false, passes: true },
  )
}

/** A statement that would end the transaction of others, or go on for what comes after it there; `settings` says where those belong. */
export function endsForOthers(word: string, settings: string): AlarmError {
  return new AlarmError(
    'ALARM_TRANSACTION_INVALID',
    `${word} was asked for inside of change, whose transaction is that of other actors, too. To roll back what this one has done, throw an ` +
      `error; settings are for ${settings}.`,
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

/** What an operation is given, or returns, that cannot go to another process. */
export function noJson(what: string, value: unknown, cause: unknown): AlarmError {
  return new AlarmError(
    'ALARM_VALUE_INVALID',
    `${what} must be JSON, as it may go to another process; given ${given(value)}. Nothing was changed.`,
    { cause, counted: false },
  )
}
