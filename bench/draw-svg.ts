const WIDTH = 720
const FONT = 'ui-sans-serif, system-ui, sans-serif'

/** One colour a rival, the library first; told apart by people who see few colours too. */
export const colours = [
  '#0b62a4',
  '#5aa7de',
  '#d1495b',
  '#edae49',
  '#66a182',
  '#8d6a9f',
  '#7a7a7a',
  '#2e4057',
]

export function page(height: number, title: string, marks: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="${FONT}" font-size="12" fill="#333">`,
    `<title>${escapeText(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    text(16, 24, title, 'font-size="14" font-weight="600"'),
    ...marks,
    '</svg>',
    '',
  ].join('\n')
}

export function text(x: number, y: number, content: string, style = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" ${style}>${escapeText(content)}</text>`
}

export function line(x1: number, y1: number, x2: number, y2: number, style: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" ${style}/>`
}

/** Where values lie between two ends, by their logarithm: rivals differ by thousands. */
export function logScale(values: readonly number[], from: number, to: number) {
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))
  return {
    at: (value: number): number => from + ((Math.log10(value) - low) / (high - low)) * (to - from),
    ticks: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)),
  }
}

export function round(value: number): number {
  return Math.round(value * 10) / 10
}

/** 10k, 1M. */
export function short(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`
  if (value >= 1e3) return `${value / 1e3}k`
  return String(Number(value.toPrecision(3)))
}

function escapeText(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
