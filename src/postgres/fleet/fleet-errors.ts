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

/** A change whose commit was sent, and not answered. */
export function unanswered(key: string, cause: unknown): AlarmError {
  return new AlarmError(
    'ALARM_STORAGE_UNREACHABLE',
    `The commit of ${given(key)} was sent and not answered, so that it is not known whether its change is durable. Look at the actor before you ask again.`,
    { cause, counted: false, passes: true },
  )
}
