import type { LaneName, Scenario, Span } from './format.ts'
import type { Scale } from './scale.ts'

/** A time that was seen, and that the diagram has no mark for; a `?` stands there. */
export interface UnnamedTime {
  readonly lane: LaneName
  readonly column: number
  /** ms */
  readonly time: number
  /** one that the diagram does not use yet, the same for the same time; `?` where none is left */
  readonly letter: string
}

// Neither none nor a mark of `touch`.
const alphabet = [...'abcdefghijklmnoqrstvwyzABCDEFGHIJKLMNOPQRSTUVWXYZ']

/** What was seen, with those letters in place of each `?`. */
export function named(seen: Scenario, unnamed: readonly UnnamedTime[]): Scenario {
  const left = Map.groupBy(unnamed, ({ lane, column }) => `${lane} ${column}`)
  const lanes = seen.lanes.map((lane) => ({
    ...lane,
    spans: lane.spans.map(
      (span) =>
        span.map(({ at, marks }) => ({
          at,
          marks: marks.replaceAll('?', () => left.get(`${lane.name} ${at}`)?.shift()?.letter ?? '?'),
        })) as unknown as Span,
    ),
  }))
  const where = Object.fromEntries(unnamed.map(({ letter, time }) => [letter, time / 1_000] as const))
  return { ...seen, lanes, ...(unnamed.length > 0 && { where: { ...seen.where, ...where } }) }
}

/** Draws `?` for each time that has no mark, and says which they are. */
export function takeUnnamed(
  seen: Scenario,
  { unnamedOf }: Scale,
): { readonly seen: Scenario; readonly unnamed: readonly UnnamedTime[] } {
  const unnamed: UnnamedTime[] = []
  const free = alphabet.filter((letter) => !Object.hasOwn(seen.where ?? {}, letter))
  const letters = new Map<number, string>()
  const letterOf = (time: number): string => {
    const letter = letters.get(time) ?? free[letters.size] ?? '?'
    letters.set(time, letter)
    return letter
  }
  const found = seen.lanes
    .flatMap(({ name, spans }) => spans.flat().map((moment) => ({ name, ...moment })))
    .toSorted((a, b) => a.at - b.at)
  for (const { name, at, marks } of found)
    for (const mark of marks) {
      const time = unnamedOf(mark)
      if (time !== undefined) unnamed.push({ lane: name, column: at, time, letter: letterOf(time) })
    }
  const plain = (marks: string): string =>
    [...marks].map((mark) => (unnamedOf(mark) === undefined ? mark : '?')).join('')
  const lanes = seen.lanes.map((lane) => ({
    ...lane,
    spans: lane.spans.map(
      (span) => span.map(({ at, marks }) => ({ at, marks: plain(marks) })) as unknown as Span,
    ),
  }))
  return { seen: { ...seen, lanes }, unnamed }
}
