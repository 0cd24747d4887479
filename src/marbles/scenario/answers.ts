import type { LaneName, Moment, Span } from './format.ts'
import { invalid } from './marbles-error.ts'
import { parseRow } from './parse-row.ts'

/** How one call is answered: what happens how many ms after it, in order. Never, where nothing does. */
export type Answer = readonly Moment[]

/** A mark that no diagram has: acknowledged, if anything still waits for it. */
export const AWAITED = '='

/** The answer to a call that nothing is drawn for, where the diagram is still to be written. */
export const inNextColumn = (column: number): Answer => [{ at: column, marks: AWAITED }]

/** The answer that a diagram shows for a call; `column` is what one column takes, ms. */
export function answerOf([first, ...then]: Span, column: number): Answer {
  const at = first.at
  return [
    { at: 0, marks: first.marks.slice(1) },
    ...then.map((moment) => ({ at: (moment.at - at) * column, marks: moment.marks })),
  ].filter(({ marks }) => marks !== '')
}

/**
 * Reads answers as they stand in a lane, without the time that begins the call: one after the other, spaces between.
 *
 *     '..|'      acknowledged 3 ms after the call        '(|)'    synchronously
 *     '.#'       fails after 2 ms                        '(*)'    throws
 *     '...'      never answers                           '.+.#'   applied, but not acknowledged
 *     '.#~~+'    applied late
 *
 * ```ts
 * const [first] = parseAnswers('write', '..|  .#')
 * console.log(first)
 * ```
 */
export function parseAnswers(name: LaneName, script: string): Answer[] {
  return [...script.matchAll(/\S+/g)].map(({ 0: word, index }) => {
    // `?` stands for the call, which the parser wants to see.
    const call = word.startsWith('(') ? `(t${word.slice(1)}` : `t${word}`
    const { spans } = parseRow(name, call, 't', (column, expected) => {
      throw invalid(script, { line: 0, column: index + Math.max(0, column - 1) }, expected)
    })
    if (spans.length !== 1) {
      throw invalid(script, { line: 0, column: index }, 'one answer, then a space and the next')
    }
    return answerOf(spans[0]!, 1)
  })
}
