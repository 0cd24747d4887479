import { fieldOf } from './safe-field.ts'

/** A value in an error message: short, on one line, and never itself a cause of trouble. */
export function given(value: unknown): string {
  if (typeof value === 'number' || value === null || value === undefined) return String(value)
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  return isDate(value) ? 'an invalid Date' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function isDate(value: unknown): boolean {
  try {
    return Object.prototype.toString.call(value) === '[object Date]'
  } catch {
    return false // a Proxy that was revoked
  }
}

const LISTED = 10

/** The first ten, and how many more. */
export function listed(keys: readonly string[]): string {
  const more = keys.length - LISTED
  return keys.slice(0, LISTED).map(given).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

/** Without its own full stop: the sentence goes on. */
export function reason(cause: unknown): string {
  const message = typeof cause === 'object' ? fieldOf(cause, 'message') : undefined
  return typeof message === 'string' ? message.replace(/\.$/, '') : given(cause)
}
