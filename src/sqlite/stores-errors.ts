import { AlarmError } from '../vocabulary/errors.ts'
import { given } from '../vocabulary/given.ts'

/** Stores that were closed. */
export function closed(file: string): AlarmError {
  return new AlarmError('ALARM_CLOSED', `The stores of ${given(file)} were closed. Open them again.`, {
    counted: false,
  })
}

/** One that would take the other's actors. */
export function twoFleets(file: string): AlarmError {
  return new AlarmError(
    'ALARM_CONFIG_INVALID',
    `A fleet is open over the stores of ${given(file)} already: two would take each other's actors. Use that one, or close it first.`,
  )
}

/** A change whose transaction has gone from under it. */
export function rolledBack(file: string): AlarmError {
  return new AlarmError(
    'ALARM_STORAGE_FAILED',
    `A statement on ${given(file)} has rolled back more than itself, so this change cannot go on. Never use ON CONFLICT ROLLBACK.`,
    { counted: false },
  )
}

/** A change that would not be committed. */
export function withoutFleet(file: string): AlarmError {
  return new AlarmError(
    'ALARM_CLOSED',
    `No fleet is open over the stores of ${given(file)}, so the change would not be committed. Open one first: openFleet(stores).`,
    { counted: false },
  )
}

/** A commit of an actor that was loaded again since. */
export function fenced(file: string, key: string, epoch: number): AlarmError {
  return new AlarmError(
    'ALARM_FENCED',
    `${given(key)} was loaded again from ${given(file)}, since its epoch ${epoch}: another incarnation owns this actor. Stop this one, ` +
      'or load it again.',
    { counted: false },
  )
}
