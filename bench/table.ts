/** Rows as a markdown table, aligned so that a terminal shows it too: the first column to the left, numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) =>
    Math.max(...[title, ...rows.map((row) => row[i]!)].map((cell) => cell.length)),
  )
  const isNumeric = head.map(
    (_, i) => i > 0 && rows.every((row) => /^[-\d<≥]/.test(row[i]!) || row[i] === ''),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (isNumeric[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join(' | ')} |`
  const rule = widths.map((width, i) => (isNumeric[i] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}

/** Three digits that matter. */
export function digits(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US')
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 })
}
