import { printed } from './printed-value.ts'
import type { Mark } from './read-diagram.ts'
import type { Notification } from './run-observable.ts'
import { type Eyes, isSame } from './same-value.ts'
import { areThemselves, type Values } from './values.ts'

/** What was seen as marks; `?` for what the diagram has no letter for, with a line that says what it was. */
export interface SeenMarks {
  readonly marks: readonly Mark[]
  readonly unknown: readonly string[]
}

/** RxJS's, for an error that nothing is said about. */
const anError = 'error'

export function seenMarks(
  notifications: readonly Notification[],
  expected: readonly Mark[],
  values: Values | undefined,
  eyes: Eyes,
): SeenMarks {
  const unknown: string[] = []
  const tell = (at: number, what: string, value: unknown): string => {
    unknown.push(`? at ${at} ms: ${what} ${short(value, eyes)}`)
    return '?'
  }
  const plain = areThemselves(values)
  const meant = (letter: string): unknown => (plain ? letter : values?.[letter])
  const free = lettersByTime(expected)

  const letterOf = (at: number, value: unknown): string => {
    // The letter that is expected there wins, where several stand for the same value.
    const there = free.get(at)
    const wanted = there?.at(-1)
    if (wanted !== undefined && isSame(value, meant(wanted), eyes)) {
      there?.pop()
      return wanted
    }
    if (plain && typeof value === 'string' && /^[A-Za-z\d]$/.test(value)) return value
    const letter = Object.keys(values ?? {}).find((key) => key !== '#' && isSame(value, values?.[key], eyes))
    return letter ?? tell(at, 'the value', value)
  }
  const errorOf = (at: number, error: unknown): string => {
    const wanted = values !== undefined && Object.hasOwn(values, '#') ? values['#'] : anError
    if (isSame(error, wanted, eyes)) return '#'
    const mark = tell(at, `not ${short(wanted, eyes)}, which # stands for, but the error`, error)
    unknown.push(`Give it with the diagram: { '#': ${written(error, eyes)} }`)
    return mark
  }

  const markOf = (seen: Notification): string => {
    if (seen.kind === 'next') return letterOf(seen.at, seen.value)
    if (seen.kind === 'error') return errorOf(seen.at, seen.value)
    return seen.kind === 'complete' ? '|' : '!'
  }
  return { marks: notifications.map((seen) => ({ at: seen.at, mark: markOf(seen) })), unknown }
}

/** The letters that are expected at each moment, the first one last. */
function lettersByTime(marks: readonly Mark[]): Map<number, string[]> {
  const letters = new Map<number, string[]>()
  for (const { at, mark } of marks.toReversed()) {
    if (!/[A-Za-z\d]/.test(mark)) continue
    const there = letters.get(at)
    if (there === undefined) letters.set(at, [mark])
    else there.push(mark)
  }
  return letters
}

/** An error as it may be written in a test. */
function written(error: unknown, eyes: Eyes): string {
  if (!(error instanceof Error)) return short(error, eyes)
  const { name, message } = error
  const quoted = JSON.stringify(message)
  return error.constructor === (globalThis as Record<string, unknown>)[name] && name !== 'AggregateError'
    ? `new ${name}(${quoted})`
    : `expect.objectContaining({ message: ${quoted} })`
}

/** A value on one line. */
export const short = (value: unknown, { utils }: Eyes): string => printed(value, utils)
