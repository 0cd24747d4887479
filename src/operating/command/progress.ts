import type { Terminal } from './terminal.ts'

const SECOND = 1_000

/** Says that it is at work, where that takes more than a second and a person looks on. */
export async function withProgress<T>(terminal: Terminal, what: string, work: () => Promise<T>): Promise<T> {
  if (!terminal.isTerminal) return work()
  let seconds = 0
  const timer = setInterval(() => terminal.say(`\r${what}: ${++seconds} s `), SECOND)
  try {
    return await work()
  } finally {
    clearInterval(timer)
    if (seconds > 0) terminal.say('\r\u001b[K')
  }
}
