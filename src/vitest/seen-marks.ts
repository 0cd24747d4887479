import type { Mark } from './read-diagram.ts'
import type { Notification } from './run-observable.ts'
import { areThemselves, type Values } from './values.ts'

/** How values are compared and printed; a matcher's own `this`. */
export interface Eyes {
  readonly equals: (a: unknown, b: unknown, testers?: never) => boolean
  readonly customTesters: readonly unknown[]
  readonly utils: { stringify(value: unknown, depth?: number, options?: { min: true }): string }
}

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
  const { equals, customTesters } = eyes
  const isSame = (seen: unknown, wanted: unknown): boolean => equals(seen, wanted, customTesters as never)
  const unknown: string[] = []
  const tell = (at: number, what: string, value: unknown): string => {
    unknown.push(`? at ${at} ms: ${what} ${short(value, eyes)}`)
    return '?'
  }
  const plain = areThemselves(values)
  const meant = (letter: string): unknown => (plain ? letter : values?.[letter])
  const taken = new Set<Mark>()

  const letterOf = (at: number, value: unknown): string => {
    const isFree = (mark: Mark): boolean => !taken.has(mark) && mark.at === at && /[A-Za-z\d]/.test(mark.mark)
    // The letter that is expected there wins, where several stand for the same value.
    const there = expected.find((mark) => isFree(mark))
    if (there !== undefined && isSame(value, meant(there.mark))) {
      taken.add(there)
      return there.mark
    }
    if (plain && typeof value === 'string' && /^[A-Za-z\d]$/.test(value)) return value
    const letter = Object.keys(values ?? {}).find((key) => key !== '#' && isSame(value, values?.[key]))
    return letter ?? tell(at, 'the value', value)
  }
  const errorOf = (at: number, error: unknown): string => {
    const wanted = values !== undefined && Object.hasOwn(values, '#') ? values['#'] : anError
    if (isSame(error, wanted)) return '#'
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

/** An error as it may be written in a test. */
function written(error: unknown, eyes: Eyes): string {
  if (!(error instanceof Error)) return short(error, eyes)
  const { name, message } = error
  const told = JSON.stringify(message)
  return error.constructor === (globalThis as Record<string, unknown>)[name] && name !== 'AggregateError'
    ? `new ${name}(${told})`
    : `expect.objectContaining({ message: ${told} })`
}

/** A value on one line. */
export const short = (value: unknown, { utils }: Eyes): string =>
  utils.stringify(value, undefined, { min: true }).replaceAll('\n', ' ')
