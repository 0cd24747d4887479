/** What a `catch` can distinguish; these codes never change. */
export type MarblesErrorCode = 'MARBLES_INVALID' | 'MARBLES_DIFFER' | 'MARBLES_FAULT'

/**
 * Every error of the marble kit.
 *
 * - `MARBLES_INVALID`: the diagram cannot be read; the message points at the line and the character.
 * - `MARBLES_DIFFER`: what was seen is not what the diagram says; the message shows both, lane by lane.
 * - `MARBLES_FAULT`: a fake store or manager saw what must never happen, such as two writes at a time.
 */
export class MarblesError extends Error {
  override readonly name = 'MarblesError'
  readonly code: MarblesErrorCode

  constructor(code: MarblesErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** A place in a text, to point at: both count from 0. Its column is a character of the line, and none of the ruler's columns. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** The error for a diagram that cannot be read, with a caret under the place. */
export function invalid(text: string, { line, column }: Place, expected: string): MarblesError {
  const margin = `  ${line + 1} | `
  const shown = text.split('\n')[line] ?? ''
  const caret = `${' '.repeat(margin.length - 2)}| ${' '.repeat(column)}^`
  return new MarblesError(
    'MARBLES_INVALID',
    `Line ${line + 1}, character ${column + 1}: expected ${expected}.\n\n${margin}${shown}\n${caret}`,
  )
}
