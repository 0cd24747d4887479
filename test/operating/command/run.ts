import { runCommand } from '../../../src/operating/command/run-command.ts'
import type { Terminal } from '../../../src/operating/command/terminal.ts'

/** What a call of the command printed, and its exit code. */
export interface Ran {
  readonly code: number
  readonly out: string
  readonly said: string
}

/** Calls the command as a shell would, in 80 columns and not in a terminal. */
export async function run(words: readonly string[], more: Partial<Terminal> = {}): Promise<Ran> {
  let [out, said] = ['', '']
  const code = await runCommand(words, {
    out(text) {
      out += text
    },
    say(text) {
      said += text
    },
    isTerminal: false,
    columns: 80,
    now: Date.now,
    env: {},
    signal: new AbortController().signal,
    ...more,
  })
  return { code, out, said }
}
