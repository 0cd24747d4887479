import { AlarmError } from '../vocabulary/errors.ts'

/** A `commitWith` that did not outlast the run that it belongs to. */
export function deliveryOver(): AlarmError {
  return new AlarmError(
    'ALARM_CLOSED',
    'The delivery is over whose handler called commitWith: its lease has ended, it was unsubscribed, or it has failed. So this was rolled ' +
      'back. Nothing is lost: the manager delivers again.',
    { counted: false },
  )
}

/** A `commitWith` in the function of another one. */
export function nested(): AlarmError {
  return new AlarmError(
    'ALARM_TRANSACTION_INVALID',
    'commitWith was called inside of commitWith, where it would wait for itself. Use the client at hand.',
    { counted: false },
  )
}

/** A statement of a function that has returned, or failed, before it. */
export function functionOver(): AlarmError {
  return new AlarmError(
    'ALARM_TRANSACTION_INVALID',
    'A statement was asked of the client of commitWith when its function was over, so it was not sent. Await every query inside.',
    { counted: false },
  )
}
