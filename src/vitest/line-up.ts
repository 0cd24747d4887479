import type { Mark } from './read-diagram.ts'

const LONGEST_GAP = 20

/**
 * Draws rows of marks one under the other, so that what happens at one time stands in one column. Where another row has a wider group
 * there are spaces, which mean nothing to a diagram.
 */
export function lineUp(rows: readonly { marks: readonly Mark[]; length: number }[]): {
  rows: string[]
  /** `^` under the moments in which the first two rows differ */
  carets: string
} {
  const end = Math.max(...rows.map(({ marks, length }) => Math.max(length, (marks.at(-1)?.at ?? -1) + 1)))
  const times = [...new Set(rows.flatMap(({ marks }) => marks.map(({ at }) => at)))].sort((a, b) => a - b)
  const cells = rows.map(({ marks }) => cellsOf(marks))
  const drawn = rows.map(() => '')
  let carets = ''
  let passed = 0

  const passTo = (at: number): void => {
    const rest = at - passed
    if (rest <= 0) return
    const gap = rest > LONGEST_GAP ? ` ${lasting(rest)} ` : '-'.repeat(rest)
    for (const row of drawn.keys()) drawn[row] += gap
    carets += ' '.repeat(gap.length)
    passed = at
  }

  for (const at of times) {
    passTo(at)
    const there = cells.map((row) => row.get(at) ?? '')
    const width = Math.max(...there.map((cell) => cell.length))
    for (const [row, cell] of there.entries()) drawn[row] += (cell || '-').padEnd(width)
    carets += there[0] === (there[1] ?? there[0]) ? ' '.repeat(width) : '^'.repeat(width)
    passed += width
  }
  passTo(end)
  const width = Math.max(...drawn.map((row) => row.length))
  return { rows: drawn.map((row) => row.padEnd(width)), carets: carets.trimEnd() }
}

/** What is drawn at each moment. */
function cellsOf(marks: readonly Mark[]): Map<number, string> {
  const cells = new Map<number, string>()
  for (const { at, mark } of marks) cells.set(at, (cells.get(at) ?? '') + mark)
  for (const [at, there] of cells) if (there.length > 1) cells.set(at, `(${there})`)
  return cells
}

function lasting(ms: number): string {
  if (ms % 60_000 === 0) return `${ms / 60_000}m`
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`
}
