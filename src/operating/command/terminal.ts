/** Where the command prints. */
export interface Terminal {
  /** what was asked for */
  out(text: string): void
  /** what else there is to say: errors, progress */
  say(text: string): void
  readonly isTerminal: boolean
  readonly columns: number
  now(): number
  /** of the process */
  readonly env: Readonly<Record<string, string | undefined>>
  /** aborted with the signal that ends the process */
  readonly signal: AbortSignal
}

// What moves the cursor, colours what follows, or turns its direction. In JSON only strings can hold it.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

const escaped = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`

/** A text of the user's on one line. */
export function printable(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll(CONTROLS, escaped)
}

/** A line of JSON, in which no text of the user's reaches the terminal as it is. */
export function jsonLine(value: unknown): string {
  return `${JSON.stringify(value).replaceAll(CONTROLS, escaped)}\n`
}

/** Its beginning, in so many columns. */
export function fitted(text: string, columns: number): string {
  const letters = [...text]
  const cut = letters.length > columns ? `${letters.slice(0, Math.max(0, columns - 1)).join('')}…` : text
  return cut + ' '.repeat(Math.max(0, columns - [...cut].length))
}

/** Lines that are no wider than the terminal, broken between words; where there is none (`null`) as they are. */
export function folded(text: string, columns: number | null, indent: number): string {
  if (columns === null) return text
  const width = Math.max(20, columns - indent)
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`)
}

/** The columns that there are, `null` where what is printed is not read in a terminal. */
export function columnsOf({ isTerminal, columns }: Terminal): number | null {
  return isTerminal ? columns : null
}

export function digits(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: count < 10 ? 2 : 0 })
}
