import { given } from '../vocabulary/given.ts'
import type { LastError } from '../vocabulary/manager.ts'
import { fieldOf } from '../vocabulary/safe-field.ts'

const NAME = 100 // letters
const MESSAGE = 1_000

/** What is kept of an error: the beginning of its name and message; any value may be thrown, and its getters may throw, too. */
export function keptError(error: unknown, at: number): LastError {
  const name = textOf(error, 'name') ?? 'Error'
  const message = textOf(error, 'message') ?? given(error)
  return { name: cut(name, NAME), message: cut(message, MESSAGE), at }
}

function textOf(error: unknown, name: string): string | null {
  const field = fieldOf(error, name)
  return typeof field === 'string' && field !== '' ? field : null
}

/** Databases take no NUL, and no half of a surrogate pair. */
function cut(text: string, most: number): string {
  return text.slice(0, most).replaceAll('\0', '\uFFFD').toWellFormed()
}
