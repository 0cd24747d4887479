import { MarblesError } from '../marbles/index.ts'
import { type Diagram, lettersOf } from './read-diagram.ts'

/** What the letters of a diagram stand for; `#` for the error. Letters that stand for themselves need no map, or one of `#` alone. */
export type Values = Readonly<Record<string, unknown>>

/** Without a map of letters each stands for itself. */
export const areThemselves = (values: Values | undefined): boolean =>
  Object.keys(values ?? {}).every((key) => key === '#')

/** Holds the maps of one run against the letters that its diagrams use. A map may serve several diagrams. */
export interface Letters {
  /** throws `MARBLES_INVALID` for a letter that the map lacks */
  use(text: string, diagram: Diagram, values: Values | undefined): void
  /** throws `MARBLES_INVALID` for a key that no diagram has used */
  close(): void
}

export function openLetters(): Letters {
  const used = new Map<Values, Set<string>>()
  return {
    use(text, diagram, values) {
      if (values === undefined) return
      const keys = Object.keys(values)
      const seen = used.get(values) ?? new Set()
      used.set(values, seen)
      for (const letter of areThemselves(values) ? [] : lettersOf(diagram)) {
        if (!Object.hasOwn(values, letter))
          throw new MarblesError(
            'MARBLES_INVALID',
            `Expected a value for each letter of ${text.trim()}; ${letter} has none, there are ${keys.join(', ') || 'none'}. ` +
              `Add ${letter} to the values, or correct the diagram.`,
          )
        seen.add(letter)
      }
      if (diagram.marks.some(({ mark }) => mark === '#')) seen.add('#')
    },
    close() {
      for (const [values, seen] of used) {
        const unused = Object.keys(values).filter((key) => !seen.has(key))
        if (unused.length > 0)
          throw new MarblesError(
            'MARBLES_INVALID',
            `Expected each value to be used; no diagram has ${unused.join(', ')}. Take it out of the values, or correct the diagram.`,
          )
      }
    },
  }
}
