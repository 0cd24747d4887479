import { AlarmError } from '../../vocabulary/errors.ts'
import { fence, json, manual, schema } from './manual.ts'

/** A wrong call of the command: what was expected. */
export class UsageError extends AlarmError {
  constructor(message: string) {
    super('ALARM_CONFIG_INVALID', message)
  }
}

export const EXIT = { done: 0, found: 1, usage: 2, failed: 3 } as const

const WIDTH = 13 // of an option
const target = `TARGET is the file of an sqliteManager, or the postgres:// URL of a
postgresManager`
const password = `Leave the password of a URL to PGPASSWORD: ps shows the words of npx.
`
const states = 'STATE: pending, due, delivering, backing-off, failed\n'
const calls = Object.values(manual).flatMap((each) => each.calls)

/** The help of all commands. */
export const help = `nolater: see the alarms of a manager, and repair them

${indented(calls)}

${target}; --schema ${schema.join(' ')}. FILE is what
recordJournal keeps: show draws the last N events of KEY, 40 unless given,
and ui those of each actor.

${options({ json, fence }, WIDTH)}
  --help, --version

list, stats and show change nothing. The others change what a manager
delivers, never what an actor has set: retry, reschedule and discard are
for alarms that were given up. doctor says what is wrong with a manager and
the files of its stores; with --fix it repairs that, one after the other.
ui serves a page that shows all this, live, on port 4400 of this machine alone;
with --host for others too, behind a token. It only reads without --change.

${password}${states}${exits('there was nothing like it, or faults are left')}`

/** The help of one command. */
export function helpOf(command: string): string {
  const { calls, does, takes, changes, example, found } = manual[command] as (typeof manual)[string]
  return `nolater ${command}: ${does}

${indented(calls)}

${options({ ...takes, json, schema }, WIDTH + 4)}

${target}.
${password}${'state' in takes ? states : ''}${changes}

Example: ${example}
${exits(found)}`
}

/** Where to read more about a call: in the help of its command, if there is such a command. */
export function seeAlso(words: readonly string[]): string {
  const command = words.find((word) => !word.startsWith('-')) ?? ''
  return Object.hasOwn(manual, command) ? `nolater ${command} --help says more.` : 'nolater --help says more.'
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n')
}

function options(takes: (typeof manual)[string]['takes'], width: number): string {
  const rows = Object.entries(takes).map(([name, [value, text]]) => [`--${name} ${value}`, text] as const)
  const margin = ' '.repeat(width + 2)
  return rows
    .map(([name, text]) => `  ${name.padEnd(width)}${text.replaceAll('\n', `\n${margin}`)}`)
    .join('\n')
}

function exits(found: string): string {
  const one = found === '' ? '' : ` 1 ${found};`
  return `Exit: 0 done;${one} 2 a wrong call;\n      3 the target cannot be opened, or failed\n`
}
