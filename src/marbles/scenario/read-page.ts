import { isLaneName, type LaneName, laneKinds } from './format.ts'
import { headerLines, isHeaderName } from './header.ts'
import { invalid } from './marbles-error.ts'

/** A row as it stands in the text: its marks from the ruler's first column on, and the remark beside it. */
interface PageRow {
  readonly line: number
  readonly name: LaneName
  readonly marks: string
  readonly comment: string
}

/** A text taken apart, its marks not read yet. */
export interface Page {
  readonly header: Readonly<Record<string, unknown>>
  readonly rows: readonly PageRow[]
  readonly notes: readonly string[]
  /** the place of a mark of a row, or of a value in a header line; throws there */
  failAt(line: number, column: number, expected: string): never
  failInHeader(name: string, value: string, expected: string): never
  failInRow(row: PageRow, column: number, expected: string): never
}

/** Tells header lines, lanes and notes apart; throws `MARBLES_INVALID`. */
export function readPage(text: string): Page {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  const header: Record<string, unknown> = {}
  const headerAt = new Map<string, number>()
  const rows: PageRow[] = []
  const notes: string[] = []
  let ruler: number | null = null

  const failAt = (line: number, column: number, expected: string): never => {
    throw invalid(lines.join('\n'), { line, column }, expected)
  }

  const readHeader = (name: string, line: number, written: string): void => {
    if (!isHeaderName(name)) {
      failAt(line, 0, `one of ${namesOf(headerLines)}, or a lane: one of ${namesOf(laneKinds)}`)
    } else {
      if (headerAt.has(name)) failAt(line, 0, `${name} once`)
      headerAt.set(name, line)
      const value = written.slice(name.length).trim()
      const { read, parse, expected, mistake } = headerLines[name]
      const at = written.trimEnd().length - value.length
      const wrong = mistake?.(value)
      if (wrong !== undefined) failAt(line, at + wrong.at, wrong.expected)
      const match = value.match(read)
      if (match === null) failAt(line, at, expected)
      else Object.assign(header, parse(match))
    }
  }

  const readRow = (label: string, line: number, written: string): void => {
    const name = (label === '' ? rows.at(-1)?.name : label) as LaneName | undefined
    const first = label.length + written.slice(label.length).search(/\S|$/)
    if (name === undefined) return void failAt(line, first, 'a name at the start of the line')
    if (label !== '' && rows.some((row) => row.name === name))
      failAt(line, 0, `${name} once; a row without a name goes on with the lane above it`)
    if (first === written.length) failAt(line, first, 'marks')
    ruler ??= first
    if (first < ruler || label.length >= ruler)
      failAt(line, first, `the lane to begin at character ${ruler + 1}, on one ruler with those above`)
    const [marks = '', gap, comment] = written
      .slice(ruler)
      .match(/^(\s*\S*)(\s*)(.*?)\s*$/)!
      .slice(1)
    if (gap === ' ' && comment !== '')
      failAt(line, ruler + marks.length, 'a mark, or - for nothing; two spaces before a remark')
    rows.push({ line, name, marks, comment: comment! })
  }

  for (const [line, written] of lines.entries()) {
    const label = written.match(/^\S*/)![0]
    if (written.includes('\t')) failAt(line, written.indexOf('\t'), 'spaces, not a tab')
    if (written.trim() === '') continue
    if (written.startsWith('#')) notes.push(written.replace(/^# ?/, '').trimEnd())
    else if (label === '' || isLaneName(label)) readRow(label, line, written)
    else readHeader(label, line, written)
  }

  if (header.title === undefined) failAt(0, 0, 'a line that begins with title')
  if (rows.length === 0) failAt(lines.length - 1, 0, `a lane: one of ${namesOf(laneKinds)}`)
  return {
    header,
    rows,
    notes,
    failAt,
    failInHeader(name, value, expected) {
      const line = headerAt.get(name)!
      return failAt(line, lines[line]!.lastIndexOf(value), expected)
    },
    failInRow: ({ line }, column, expected) => failAt(line, ruler! + column, expected),
  }
}

const namesOf = (of: object): string => Object.keys(of).join(', ')
