import { AlarmError } from './errors.ts'
import { given } from './given.ts'

/** The names that an options object may have: exactly those of its type. */
export type Names<T> = Readonly<Record<keyof T, true>>

// Enumerable, so that it goes along where the object is spread into the options.
const BRINGS = Symbol.for('nolater.brings')

/** What an object of ours has beside options, where it is given as some or spread into them: not misspelled. */
export function bringing(...names: readonly string[]): object {
  return { [BRINGS]: Object.fromEntries(names.map((name) => [name, true])) }
}

/**
 * Refuses a name that an options object does not have (`ALARM_CONFIG_INVALID`), and says which one may have been meant.
 *
 * An option that is misspelled would be ignored otherwise. An instance of a class may have what it likes: it is no list of options.
 */
export function checkNames<T>(what: string, options: T, known: Names<NonNullable<T>>): void {
  if (options === undefined || !isPlain(options)) return
  const brought = (options as { [BRINGS]?: object })[BRINGS] ?? {}
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(known, name) || Object.hasOwn(brought, name)) continue
    throw unknown(what, name, Object.keys(known))
  }
}

export interface Confirmation {
  readonly allowUnconfirmed?: boolean
}

/** Refuses what is no option of a set, a delete or a touch. */
export function checkConfirmation(options: Confirmation | undefined): void {
  if (options !== undefined) checkNames('What goes with an alarm', options, confirmation)
}

const confirmation: Names<Confirmation> = { allowUnconfirmed: true }

function isPlain(options: unknown): options is object {
  if (typeof options !== 'object' || options === null) return false
  const prototype: unknown = Object.getPrototypeOf(options)
  return prototype === Object.prototype || prototype === null
}

function unknown(what: string, name: string, known: readonly string[]): AlarmError {
  const [nearest] = known
    .map((each) => ({ each, distance: distance(name.toLowerCase(), each.toLowerCase()) }))
    .filter(({ each, distance }) => distance <= Math.max(name.length, each.length) / 2)
    .sort((a, b) => a.distance - b.distance)
  const advice = nearest === undefined ? '' : ` Did you mean ${nearest.each}?`
  return new AlarmError(
    'ALARM_CONFIG_INVALID',
    `${what} has no option ${given(name)}.${advice} Known: ${known.join(', ')}.`,
  )
}

/** How many letters to change, add or remove; two that are swapped are one change. */
function distance(a: string, b: string): number {
  let [before, row]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        next[j] = Math.min(next[j]!, before[j - 2]! + 1)
      }
    }
    ;[before, row] = [row, next]
  }
  return row[b.length]!
}
