/** Where the command prints. */
export interface Terminal {
  /** what was asked for */
  out(text: string): void
  /** what else there is to say: errors, progress */
  say(text: string): void
  readonly isTerminal: boolean
  readonly columns: number
  now(): number
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

export function digits(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: count < 10 ? 2 : 0 })
}

const units: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
]

/** `5 min`, `1.5 s`: the largest unit of which there is one. */
export function duration(ms: number): string {
  const [unit, size] = units.find(([, size]) => ms >= size) ?? ['ms', 1]
  const count = ms / size
  return `${count < 10 && size > 1 ? Number(count.toFixed(1)) : Math.round(count)} ${unit}`
}

/** `in 5 min`, `5 min ago`. */
export function fromNow(time: number, now: number): string {
  const ms = time - now
  return ms > 0 ? `in ${duration(ms)}` : `${duration(-ms)} ago`
}

export function instant(time: number): string {
  return Math.abs(time) > 8.64e15 ? `${time} ms` : new Date(time).toISOString()
}
