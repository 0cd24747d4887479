/** A row of a picture: its marks from the ruler's first column on, and the remark beside them. */
export interface Row {
  /** `''` where the row goes on with the one above */
  readonly name: string
  readonly marks: string
  readonly remark?: string
}

/** Something to draw: a word in its column, which may be longer than that. */
export interface Mark {
  readonly at: number
  word: string
}

/** What is given, the call, and what is seen of it. The picture of an alarm has no call. */
export function readPicture(text: string) {
  const lines = text.split('\n')
  const margin = text.match(/^\S+ +/)![0].length
  const at = lines.findIndex((line) => /^ +[\w.]+\(/.test(line))
  const rows = lines.map((line): Row => {
    const [, marks = '', remark = ''] = line.slice(margin).match(/^(\s*\S*) *(.*)$/)!
    return { name: line.slice(0, margin).trim(), marks, remark }
  })
  return { call: lines[at]?.trim(), given: rows.slice(0, Math.max(at, 0)), seen: rows.slice(at + 1) }
}

export const printRow = ({ name, marks }: Row): string => `${name.padEnd(12)}${marks}`

/** The rows of a lane: a mark goes into the first row that is free where it begins. */
export function drawLane(name: string, marks: readonly Mark[], length: number): Row[] {
  const rows = ['']
  for (const { at, word } of marks) {
    let row = rows.findIndex((text) => text.length <= at)
    if (row === -1) row = rows.push('') - 1
    rows[row] = rows[row]!.padEnd(at, row > 0 && rows[row] === '' ? ' ' : '-') + word
  }
  rows[0] = rows[0]!.padEnd(length, '-')
  return rows.map((text, i) => ({ name: i === 0 ? name : '', marks: text }))
}

/** What happens in one column is one group. */
export function grouped(marks: readonly Mark[]): Mark[] {
  return [...Map.groupBy(marks, ({ at }) => at)].map(([at, there]) => {
    const words = there.map(({ word }) => word)
    if (words.length === 1) return { at, word: words[0]! }
    if (words.every(({ length }) => length === 1)) return { at, word: `(${words.join('')})` }
    throw new Error(`Words of one letter fit into a group; given ${words.join(' ')} in column ${at + 1}.`)
  })
}

/** The marks in RxJS's notation, where a value is one letter, and what each letter stands for. */
export function lettered(marks: string, meant: (word: string) => unknown) {
  const values: Record<string, unknown> = {}
  const letter = (word: string): string => {
    const next = String.fromCharCode(97 + Object.keys(values).length)
    values[next] = meant(word)
    return next
  }
  const marbles = marks.replace(/\(([^|#)]*)([|#]?)\)|[^-|#()]+/g, (word, group?: string, end = '') =>
    group === undefined
      ? letter(word).padEnd(word.length, '-')
      : `(${[...group].map(letter).join('')}${end})`,
  )
  return { marbles, values }
}
