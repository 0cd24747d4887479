import { digits, type Terminal } from './terminal.ts'

const SECOND = 1_000

/** Says that it is at work, and how many rows were `read`, where that takes more than a second and a person looks on. */
export async function withProgress<T>(
  terminal: Terminal,
  what: string,
  work: (read: (rows: number) => void) => Promise<T>,
): Promise<T> {
  let whole = 0
  const read = (rows: number): void => {
    whole += rows
  }
  if (!terminal.isTerminal) return work(read)
  const begin = terminal.now()
  let isSaid = false
  const timer = setInterval(() => {
    isSaid = true
    const seconds = Math.floor((terminal.now() - begin) / SECOND)
    terminal.say(`\r${what}: ${seconds} s${whole > 0 ? `, ${digits(whole)} rows` : ''} `)
  }, SECOND)
  try {
    return await work(read)
  } finally {
    clearInterval(timer)
    if (isSaid) terminal.say('\r\u001b[K')
  }
}
