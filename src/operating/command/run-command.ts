import { createRequire } from 'node:module'
import { AlarmError } from '../../vocabulary/errors.ts'
import { type Call, readCall } from './arguments.ts'
import { changing } from './changing.ts'
import { doctor } from './doctor.ts'
import { withoutPassword } from './open-target.ts'
import { reading } from './reading.ts'
import type { Terminal } from './terminal.ts'
import { ui } from './ui.ts'
import { EXIT, help, helpOf, seeAlso, UsageError } from './usage.ts'

/** Runs one call of the command; resolves to its exit code, and never rejects. */
export async function runCommand(words: readonly string[], terminal: Terminal): Promise<number> {
  let safe = (text: string): string => text
  try {
    // The password of a URL is hidden in every message, that of a wrong call too.
    const hidden = words.map(withoutPassword)
    safe = (text) => hidden.reduce((less, hide) => hide(less), text)
    const call = readCall(words)
    if (call === 'version') terminal.out(`${version()}\n`)
    else if ('helpOf' in call) terminal.out(call.helpOf === null ? help : helpOf(call.helpOf))
    else
      return await commandOf(call)(call, {
        ...terminal,
        say: (text) => terminal.say(safe(text)),
      })
    return EXIT.done
  } catch (error) {
    const { message } = error as Error
    const isUsage = error instanceof UsageError || isBadInput(error)
    terminal.say(`nolater: ${safe(message)}${isUsage ? ` ${seeAlso(words)}` : ''}\n`)
    return isUsage ? EXIT.usage : EXIT.failed
  }
}

function commandOf({ command }: Call): (call: Call, terminal: Terminal) => Promise<number> {
  const run = { ...reading, ...changing, doctor, ui }[command]
  if (run === undefined) throw new UsageError(`There is no command ${JSON.stringify(command)}.`)
  return run
}

function isBadInput(error: unknown): boolean {
  return (
    error instanceof AlarmError &&
    ['ALARM_CONFIG_INVALID', 'ALARM_KEY_INVALID', 'ALARM_TIME_INVALID'].includes(error.code)
  )
}

function version(): string {
  const require = createRequire(import.meta.url)
  return (require('nolater/package.json') as { version: string }).version
}
