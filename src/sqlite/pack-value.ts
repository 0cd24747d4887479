import { serialize } from 'node:v8'
import { AlarmError } from '../vocabulary/errors.ts'
import { given } from '../vocabulary/given.ts'

/** As structuredClone would: dates, maps, bytes and cycles come back as they were, and what would not is refused; JSON changes them silently. */
export function pack(key: string, value: unknown): Uint8Array {
  const refused = (cause?: unknown): AlarmError =>
    new AlarmError(
      'ALARM_VALUE_INVALID',
      `The value of ${given(key)} must be one that structuredClone accepts, and not undefined; given ${given(value)}. ` +
        'Put plain data, and use delete(key) to remove it.',
      { cause },
    )
  if (value === undefined) throw refused()
  try {
    return serialize(value)
  } catch (cause) {
    throw refused(cause)
  }
}
