import type { Scenario } from './format.ts'
import { headerLines } from './header.ts'
import { layOut } from './lay-out.ts'

// Most names fit, so most diagrams begin in the same column.
const MARGIN = 10

/**
 * Writes a scenario as its one canonical text.
 *
 * The inverse of `parseMarbles`: printing what was parsed puts a diagram in order, parsing what was printed changes nothing.
 *
 * ```ts
 * await writeFile(file, printMarbles(parseMarbles(await readFile(file, 'utf8'))))
 * ```
 */
export function printMarbles(scenario: Scenario): string {
  const { columns, lanes, notes } = scenario
  const header = Object.entries(headerLines).flatMap(([name, { print }]) => {
    const value = print(scenario)
    return value === undefined ? [] : [[name, value] as const]
  })
  const names = [...header.map(([name]) => name), ...lanes.map(({ name }) => name)]
  const margin = Math.max(MARGIN, ...names.map((name) => name.length + 3))
  const drawn = lanes.map((lane) => ({ ...lane, rows: layOut(lane, columns) }))
  const width = Math.max(...drawn.flatMap(({ rows }) => rows.map((row) => row.length)))

  const parts = [
    header.map(([name, value]) => name.padEnd(margin) + value),
    drawn.flatMap(({ name, rows, comments }) =>
      rows.map((row, i) => {
        const label = (i === 0 ? name : '').padEnd(margin)
        return `${label}${row.padEnd(width)}    ${comments[i] ?? ''}`.trimEnd()
      }),
    ),
    notes.map((note) => `# ${note}`.trimEnd()),
  ]
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}
