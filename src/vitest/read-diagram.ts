import { MarblesError } from '../marbles/index.ts'
import { exactMs, type Unit } from '../marbles/scenario/duration.ts'

/** One mark of a one-line diagram. */
export interface Mark {
  /** ms; marks of one group share it */
  readonly at: number
  readonly mark: string
}

export interface Diagram {
  readonly marks: readonly Mark[]
  /** ms from the first column to the end of the text */
  readonly length: number
}

/** What a diagram may hold; `v` is any letter or digit. */
export interface Kind {
  readonly marks: string
  readonly says: string
}

export const kinds = {
  expected: { marks: 'v|#!', says: 'a value, | complete, # error, ! unsubscribed' },
  cold: { marks: 'v|#', says: 'a value, | complete, # error' },
  hot: { marks: 'v|#^', says: 'a value, | complete, # error, ^ subscribed' },
  time: { marks: '|', says: '| where the time ends' },
  subscription: { marks: '^!', says: '^ subscribed, ! unsubscribed' },
} as const satisfies Record<string, Kind>

const duration = /(\d+(?:\.\d+)?)(ms|s|m)(?![A-Za-z\d])/y

/**
 * Reads a one-line diagram as RxJS does, except that what RxJS would misread is refused (`MARBLES_INVALID`, a caret under the place).
 *
 * One column is one ms, spaces are nothing, a group `(ab)` takes as many columns as it has characters. A duration such as ` 2s ` has
 * spaces around it, or the text's ends: without them RxJS reads three values.
 */
export function readDiagram(text: string, { marks: allowed, says }: Kind): Diagram {
  const marks: Mark[] = []
  let at = 0
  let column = 0
  let group: number | null = null
  let end: string | null = null

  const fail = (expected: string): never => {
    throw new MarblesError(
      'MARBLES_INVALID',
      `Character ${column + 1}: expected ${expected}.\n\n  ${text.replaceAll('\n', ' ')}\n  ${' '.repeat(column)}^`,
    )
  }
  const isAllowed = (mark: string): boolean =>
    allowed.includes(mark) || (allowed.includes('v') && /[A-Za-z\d]/.test(mark))

  while (column < text.length) {
    const mark = text[column]!
    duration.lastIndex = column
    const lasting = duration.exec(text)
    if (/\s/.test(mark)) {
      column++
      continue
    }
    if (lasting !== null && group === null) {
      const [written, size = '', unit] = lasting
      const isApart = column === 0 || /\s/.test(text[column - 1]!)
      const next = text[column + written.length]
      if (!isApart || (next !== undefined && !/\s/.test(next)))
        fail(`a space on both sides of the duration ${written}, or - between values`)
      at += exactMs(size, unit as Unit)
      column += written.length
      continue
    }
    if (mark === '(') {
      if (group !== null) fail('marks of one moment; a group holds no group')
      group = at
    } else if (mark === ')') {
      if (group === null) fail('( before )')
      if (text[column - 1] === '(') fail('the marks of one moment between ( and )')
      group = null
    } else if (mark === '-') {
      if (group !== null) fail(') to close the group; time does not pass within it')
    } else {
      if (end !== null) fail(`nothing after ${end}, with which it has ended`)
      if (!isAllowed(mark)) fail(`${says}, - for nothing, or a duration such as 10ms`)
      marks.push({ at: group ?? at, mark })
      if (mark === '|' || mark === '#' || mark === '!') end = mark
    }
    at++
    column++
  }
  if (group !== null) fail(') to close the group')
  return { marks, length: at }
}

/** The letters and digits that stand for values. */
export const lettersOf = ({ marks }: Diagram): string[] =>
  marks.map(({ mark }) => mark).filter((mark) => /[A-Za-z\d]/.test(mark))
