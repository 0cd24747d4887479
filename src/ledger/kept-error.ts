import { given } from '../errors.ts'
import type { LastError } from '../manager.ts'

const NAME = 100 // letters
const MESSAGE = 1_000

/** What is kept of an error: the beginning of its name and message, whatever was thrown, and whatever its getters do. */
export function keptError(error: unknown, at: number): LastError {
  const name = fieldOf(error, 'name') ?? 'Error'
  const message = fieldOf(error, 'message') ?? given(error)
  return { name: cut(name, NAME), message: cut(message, MESSAGE), at }
}

function fieldOf(error: unknown, name: string): string | null {
  try {
    const field: unknown = (error as Record<string, unknown> | null | undefined)?.[name]
    return typeof field === 'string' && field !== '' ? field : null
  } catch {
    return null
  }
}

/** Databases take no NUL, and no half of a surrogate pair. */
function cut(text: string, most: number): string {
  return text.slice(0, most).replaceAll('\0', '\uFFFD').toWellFormed()
}
