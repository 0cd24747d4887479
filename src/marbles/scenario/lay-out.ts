import { isPending, kindOf, type Lane, type Moment, marksOf, type Span } from './format.ts'

/** The rows of a lane: a call goes into the first row that is free where it begins. */
export function layOut({ name, spans }: Pick<Lane, 'name' | 'spans'>, columns: number): string[] {
  const rows: string[] = ['']
  for (const span of spans) {
    const start = span[0].at
    let row = rows.findIndex((text) => text.length <= start)
    if (row === -1) row = rows.push('') - 1
    const text = rows[row]!
    const idle = row > 0 && text === '' ? ' ' : '-'
    rows[row] = text.padEnd(start, idle) + draw(span, kindOf(name).whole !== undefined, columns)
  }
  rows[0] = rows[0]!.padEnd(columns, '-')
  return rows
}

/** Where a group leaves no room for the mark of a column right after it, that mark slides to the right. */
function draw(span: Span, isCall: boolean, columns: number): string {
  const start = span[0].at
  let text = ''
  let marks = ''
  for (const moment of span) {
    text = text.padEnd(moment.at - start, isPending(marks) ? '.' : '~') + drawMoment(moment)
    marks += moment.marks
  }
  return isCall && isPending(marksOf(span)) ? text.padEnd(columns - start, '.') : text
}

const drawMoment = ({ marks }: Moment): string => (marks.length === 1 ? marks : `(${marks})`)
