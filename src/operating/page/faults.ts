import { AlarmError, type AlarmErrorCode } from '../../vocabulary/errors.ts'
import { type Answer, refuse } from './answer.ts'

const badInput: readonly AlarmErrorCode[] = [
  'ALARM_CONFIG_INVALID',
  'ALARM_KEY_INVALID',
  'ALARM_TIME_INVALID',
]

/** What an error is answered with. */
export function faultOf(error: unknown): Answer {
  const isBad = error instanceof AlarmError && badInput.includes(error.code)
  return refuse(isBad ? 400 : 500, messageOf(error))
}

/** What may be said of an error: another's message can hold a password. */
export function messageOf(error: unknown): string {
  return error instanceof AlarmError
    ? error.message
    : 'The manager failed. The process that serves this page can say why.'
}
