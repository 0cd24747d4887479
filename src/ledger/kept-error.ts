import { given } from '../vocabulary/given.ts'
import type { LastError } from '../vocabulary/listed-alarm.ts'
import { fieldOf } from '../vocabulary/safe-field.ts'

/** What a text of an error becomes before it is kept. */
export type Redact = (text: string) => string

const NAME = 100 // letters
const MESSAGE = 1_000
const LINES = 10 // of the stack
const MOST = 4_096 // bytes of it all, as JSON

/**
 * What is kept of an error: the beginning of its name, its message and its stack; any value may be thrown, and its getters may throw, too.
 *
 * Texts are redacted whole, and cut after that: half a secret matches no pattern.
 */
export function keptError(error: unknown, at: number, before: LastError | null, redact: Redact): LastError {
  const stack = framesOf(textOf(error, 'stack') ?? '', messageOf(error))
  const kept = {
    ...namedError(error, MESSAGE, redact),
    ...(stack !== '' && { stack: cut(redacted(stack, redact), MOST) }),
    at,
    since: before?.since ?? before?.at ?? at,
  }
  return within(kept)
}

/** The beginning of its name and of its message. */
export function namedError(
  error: unknown,
  most: number,
  redact: Redact,
): Pick<LastError, 'name' | 'message'> {
  return {
    name: cut(redacted(textOf(error, 'name') ?? 'Error', redact), NAME),
    message: cut(redacted(messageOf(error), redact), most),
  }
}

function messageOf(error: unknown): string {
  return textOf(error, 'message') ?? given(error)
}

function textOf(error: unknown, name: string): string | null {
  const field = fieldOf(error, name)
  return typeof field === 'string' && field !== '' ? field : null
}

/** Without the name and the message, with which V8 begins it: those are kept already. */
function framesOf(stack: string, message: string): string {
  const found = stack.indexOf(message)
  const frames = found === -1 ? stack : stack.slice(found + message.length)
  return frames
    .split('\n', LINES + 1)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(0, LINES)
    .join('\n')
}

function redacted(text: string, redact: Redact): string {
  try {
    const after: unknown = redact(text)
    if (typeof after === 'string') return after
  } catch {}
  return '(not kept: redact gave no text)'
}

/** Databases take no NUL, and no half of a surrogate pair. */
function cut(text: string, most: number): string {
  return text.slice(0, most).replaceAll('\0', '\uFFFD').toWellFormed()
}

/** A letter is up to six bytes of JSON: first the stack becomes shorter, then the message. */
function within({ stack = '', ...kept }: LastError): LastError {
  const fits = (whole: LastError): boolean => new TextEncoder().encode(JSON.stringify(whole)).length <= MOST
  const half = (text: string): string => cut(text, text.length >> 1)
  let frames = stack
  let { message } = kept
  const whole = (): LastError => ({ ...kept, message, ...(frames !== '' && { stack: frames }) })
  while (!fits(whole())) {
    if (frames !== '') frames = half(frames)
    else message = half(message)
  }
  return whole()
}
