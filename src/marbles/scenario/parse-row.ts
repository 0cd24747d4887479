import { isPending, kindOf, type LaneName, type Moment, marksOf, type Span } from './format.ts'

/** Throws an error that points at a column of the row. */
export type Fail = (column: number, expected: string) => never

/** What a row says. `open`: its last call is still pending where the row ends. */
export interface Row {
  readonly spans: readonly Span[]
  readonly open: boolean
}

/**
 * Reads the marks of one row; `letters` are the alarm times that the scenario defines. `isUnfinished`: a call may be its first mark and
 * no more.
 */
export function parseRow(
  name: LaneName,
  row: string,
  letters: string,
  fail: Fail,
  isUnfinished = false,
): Row {
  const { marks, whole } = kindOf(name)
  const classOf = (mark: string): string => {
    if (/[\dx]/.test(mark) || letters.includes(mark)) return marks.includes('v') ? 'v' : 't'
    return marks.includes('v') && /[A-Za-z]/.test(mark) ? 'v' : mark
  }
  const spans: Span[] = []
  let column = 0
  let open = false

  const readMoment = (): Moment => {
    const at = column
    if (row[at] !== '(') return { at, marks: row[column++]! }
    const end = row.indexOf(')', at)
    if (end === -1) fail(row.length, `) to close the group of column ${at}`)
    if (end === at + 1) fail(end, 'the marks of one column between ( and )')
    column = end + 1
    return { at, marks: row.slice(at + 1, end) }
  }

  const readMarks = (): Span => {
    const moment = readMoment()
    const { at } = moment
    const wrong = [...moment.marks].findIndex((mark) => !marks.includes(classOf(mark)))
    if (wrong !== -1) fail(moment.marks.length === 1 ? at : at + 1 + wrong, markNames(name))
    return [moment]
  }

  const readCall = (pattern: RegExp): Span => {
    const moments: Moment[] = []
    while (true) {
      const at = column
      moments.push(readMoment())
      const classes = [...marksOf(moments)].map(classOf).join('')
      const throwsLate = moments.length > 1 && moments.at(-1)!.marks.includes('*')
      if (throwsLate || !pattern.test(classes))
        fail(at, moments.length === 1 ? markNames(name) : callNames(name))
      const pending = isPending(classes)
      const filled = column
      while (row[column] === (pending ? '.' : '~')) column++
      const next = row[column]
      const isBare = moments.length === 1 && column === filled && /^[- ]?$/.test(next ?? '')
      if (isUnfinished && isBare) break
      if (next === undefined && pending) open = true
      if (pending ? next === undefined : column === filled && next !== '+' && next !== '/') break
      if (next === undefined || next === '-' || next === ' ') fail(column, callNames(name))
    }
    return moments as [Moment, ...Moment[]]
  }

  while (column < row.length) {
    if (row[column] === '-' || row[column] === ' ') column++
    else spans.push(whole === undefined ? readMarks() : readCall(whole))
  }
  return { spans, open }
}

function markNames(name: LaneName): string {
  const { marks, says } = kindOf(name)
  const names = {
    t: 'a time (0-9, x for none, or a letter that `where` defines, as a = 10; of an actor also a method, as t = touch)',
    v: 'a letter or a digit',
  }
  const listed = [...marks].map((mark) => names[mark as 't' | 'v'] ?? mark)
  return `${listed.join(' or ')}, or - for nothing, in ${name} (${says})`
}

const answers: Partial<Record<LaneName, string>> = {
  commit: '. while pending, then | or # or ! or / or +, or ~ and + or / once the caller has gone',
  write: '. while pending, then | or # or ! or / or +, or ~ and + or / once the caller has gone',
  handler: '. while it runs, a time that it asks for, then | or # or !',
  wake: '. while it is handled, then | done, > rescheduled, # failed, % failed and not counted, or !',
  held: '. while it is held, then !',
}

const callNames = (name: LaneName): string =>
  `${answers[name] ?? '. while it waits, then | or # or !'}; a synchronous answer stands in a group, as (5|)`
