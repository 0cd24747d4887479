import { AlarmError } from '../vocabulary/errors.ts'
import { given } from '../vocabulary/given.ts'

/** As JSON, which is what a Durable Object's SQLite can keep of it; what JSON would change silently is refused. */
export function jsonOf(name: string, payload: unknown): string {
  try {
    return JSON.stringify(payload, refuseChanged)
  } catch (cause) {
    throw new AlarmError(
      'ALARM_VALUE_INVALID',
      `The payload of ${given(name)} must be what JSON keeps as it is: texts, finite numbers, booleans, null, and arrays and plain objects ` +
        `of these; given ${given(payload)}. Write a Date as its time, keep what is larger in a table of your own and give its key.`,
      { cause },
    )
  }
}

/** Called with what `toJSON` has made of a value; the value itself is in what holds it. */
function refuseChanged(this: unknown, key: string, converted: unknown): unknown {
  const value = (this as Record<string, unknown>)[key]
  const isLost = value === undefined && Array.isArray(this)
  if (isLost || !isKept(value)) throw new TypeError(`JSON would change ${given(key)}.`)
  return converted
}

function isKept(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object' || value === null)
    return !['bigint', 'function', 'symbol'].includes(typeof value)
  const prototype: unknown = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null
}
