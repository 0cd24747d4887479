import { AlarmError } from '../errors.ts'

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
