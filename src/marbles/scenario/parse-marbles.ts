import { kindOf, type Lane, type LaneName, type Scenario, type Span } from './format.ts'
import { layOut } from './lay-out.ts'
import { parseRow } from './parse-row.ts'
import { type Page, readPage } from './read-page.ts'

/**
 * Reads a scenario, or throws `MARBLES_INVALID` with a caret under the place and what was expected there.
 *
 * ```ts
 * const scenario = parseMarbles(await readFile('marbles/earlier-waits-for-later-in-flight.marbles', 'utf8'))
 * ```
 */
export function parseMarbles(text: string): Scenario {
  return readScenario(text, false)
}

/** Likewise; `isUnfinished`: how a wake ends need not be drawn. */
export function readScenario(text: string, isUnfinished: boolean): Scenario {
  const page = readPage(text)
  const header = { alarm: 'x', ...page.header } as Omit<Scenario, 'columns' | 'lanes' | 'notes'>
  const letters = Object.keys(header.where ?? {}).join('')
  for (const alarm of [header.alarm, header.manager ?? 'x']) {
    if (!/[\dx]/.test(alarm) && !letters.includes(alarm))
      page.failInHeader('alarm', alarm, 'a time: 0-9, none, or a letter that `where` defines')
  }
  const written = Math.max(...page.rows.map(({ marks }) => marks.length))
  const lanes = lanesOf(page, letters, written, isUnfinished)
  // Marks that have become one group may take more room than they were written in.
  const columns = Math.max(...lanes.flatMap((lane) => layOut(lane, written).map((row) => row.length)))
  return { ...header, columns, lanes, notes: page.notes }
}

function lanesOf(page: Page, letters: string, columns: number, isUnfinished: boolean): Lane[] {
  const lanes = new Map<LaneName, { spans: Span[]; comments: string[] }>()
  for (const row of page.rows) {
    const { name, marks, comment } = row
    const fail = (column: number, expected: string): never => page.failInRow(row, column, expected)
    const { spans, open } = parseRow(name, marks, letters, fail, isUnfinished && name === 'wake')
    if (open && marks.length < columns)
      fail(marks.length, `. to the end of the ruler, ${columns} columns long, or an answer`)
    const lane = lanes.get(name) ?? { spans: [], comments: [] }
    lane.spans.push(...spans)
    lane.comments.push(comment)
    lanes.set(name, lane)
  }
  return [...lanes].map(([name, { spans, comments }]) => {
    const inOrder = joined(
      name,
      spans.toSorted((a, b) => a[0].at - b[0].at),
    )
    const rows = layOut({ name, spans: inOrder }, columns).length
    return { name, spans: inOrder, comments: fitted(comments, rows) }
  })
}

/** Marks of one column are one group, also of several rows. */
function joined(name: LaneName, spans: Span[]): Span[] {
  if (kindOf(name).whole !== undefined) return spans
  const columns = Map.groupBy(spans, ([{ at }]) => at)
  return [...columns].map(([at, there]) => [{ at, marks: there.map(([{ marks }]) => marks).join('') }])
}

/** As many remarks as the lane has rows when it is printed. */
function fitted(comments: readonly string[], rows: number): string[] {
  const rest = comments.slice(rows - 1).filter((comment) => comment !== '')
  const first = Array.from({ length: rows - 1 }, (_, row) => comments[row] ?? '')
  return [...first, rest.join(' ')]
}
