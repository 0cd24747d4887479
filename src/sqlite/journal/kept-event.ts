import { namedError, type Redact } from '../../ledger/kept-error.ts'
import { fieldOf } from '../../vocabulary/safe-field.ts'
import type { JournalError } from './journal-event.ts'

const MESSAGE = 500 // letters
const SHORT = 100
const MOST = 5_000 // letters of an event, as JSON: more than an error can come to

/** An event as JSON, without its key: of bounded length, and never itself a cause of trouble. */
export function keptEvent(event: object, redact: Redact): string {
  try {
    const text = JSON.stringify(
      'error' in event
        ? { ...event, key: undefined, error: keptError(event.error, redact) }
        : { ...event, key: undefined },
    )
    if (text.length <= MOST) return text
  } catch {} // a cycle, a BigInt, a getter that throws
  const [at, kind] = [fieldOf(event, 'at'), fieldOf(event, 'kind')]
  return JSON.stringify({
    at: typeof at === 'number' ? at : 0,
    kind: 'not-kept',
    of: typeof kind === 'string' ? kind.slice(0, SHORT) : typeof kind,
  })
}

function keptError(error: unknown, redact: Redact): JournalError {
  const code = typeof error === 'object' ? fieldOf(error, 'code') : undefined
  return {
    ...namedError(error, MESSAGE, redact),
    ...(typeof code === 'string' && { code: code.slice(0, SHORT) }),
  }
}
