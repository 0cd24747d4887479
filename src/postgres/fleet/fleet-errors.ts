import { AlarmError } from '../../vocabulary/errors.ts'
import { given } from '../../vocabulary/given.ts'

/** Another process owns the actor, or may. */
export function elsewhere(key: string, address: string | null): AlarmError {
  const where =
    address === null
      ? 'no process that is known, and will be free in a moment: ask again'
      : `the process at ${given(address)}: ask there, or give \`forward\``
  return new AlarmError('ALARM_FENCED', `The actor ${given(key)} belongs to ${where}. Nothing was changed.`, {
    counted: false,
    passes: true,
  })
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

/** A change whose commit was sent, and not answered. */
export function unanswered(key: string, cause: unknown): AlarmError {
  return new AlarmError(
    'ALARM_STORAGE_UNREACHABLE',
    `The commit of ${given(key)} was sent and not answered, so that it is not known whether its change is durable. Look at the actor before you ask again.`,
    { cause, counted: false, passes: true },
  )
}

/** A change that was not begun in time: others of its actor go before it, or the database is away. */
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

/** A statement that would end the transaction of others. */
export function endsForOthers(word: string): AlarmError {
  return new AlarmError(
    'ALARM_TRANSACTION_INVALID',
    `${word} was asked for inside of change, whose transaction is that of other actors, too. To roll back what this one has done, throw an error; ` +
      'settings are for the pool, or for one statement (set_config).',
    { counted: false },
  )
}
