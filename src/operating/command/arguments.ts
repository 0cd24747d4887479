import { parseArgs } from 'node:util'
import type { ListedState } from '../../vocabulary/listed-alarm.ts'
import { type Manual, manual } from './manual.ts'
import { UsageError } from './usage.ts'

/** A call of the command, as it was given. */
export interface Call {
  readonly command: string
  readonly target: string
  /** what follows the target */
  readonly rest: readonly string[]
  readonly options: Options
}

interface Options {
  readonly json: boolean
  readonly all: boolean
  readonly watch: boolean
  readonly fix: boolean
  readonly change: boolean
  readonly state?: ListedState
  readonly prefix?: string
  readonly after?: string
  readonly schema?: string
  readonly journal?: string
  readonly limit?: number
  readonly port?: number
  readonly host?: string
  readonly token?: string
  readonly fence?: number
}

const options = {
  json: { type: 'boolean' },
  all: { type: 'boolean' },
  watch: { type: 'boolean' },
  fix: { type: 'boolean' },
  change: { type: 'boolean' },
  state: { type: 'string' },
  prefix: { type: 'string' },
  after: { type: 'string' },
  schema: { type: 'string' },
  journal: { type: 'string' },
  limit: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  token: { type: 'string' },
  fence: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const

/** That a text is asked for: the help, of one command or of all (`null`), or the version. */
type Asked = { readonly helpOf: string | null } | 'version'

/** Reads the words of a call. Throws a `UsageError`. */
export function readCall(words: readonly string[]): Call | Asked {
  const { values, positionals } = parsed(words)
  const isHelp = positionals[0] === 'help'
  const [command, target, ...rest] = isHelp ? positionals.slice(1) : positionals
  if (isHelp || values.help || words.length === 0) {
    return { helpOf: command === undefined ? null : checkCommand(command) }
  }
  if (values.version) return 'version'
  const { takes, words: after } = manual[checkCommand(command ?? '')] as Manual
  if (target === undefined) throw new UsageError(`${command} needs a file, or a postgres:// URL.`)
  const [least, most] = after
  const { help: _, version: __, limit, port, fence, state, ...given } = values
  for (const name of Object.keys(values)) {
    if (!(name in takes || name === 'json' || name === 'schema'))
      throw new UsageError(`${command} has no --${name}.`)
  }
  if (rest.length < least || rest.length > most) {
    throw new UsageError(
      `${command} takes ${most === least ? least : `${least} or more`} after its target, given ${rest.length}.`,
    )
  }
  return {
    command: command as string,
    target,
    rest,
    options: {
      json: false,
      all: false,
      watch: false,
      fix: false,
      change: false,
      ...given,
      ...(state !== undefined && { state: state as ListedState }), // `list` refuses what is none
      ...(limit !== undefined && { limit: whole('limit', limit) }),
      ...(port !== undefined && { port: whole('port', port) }),
      ...(fence !== undefined && { fence: whole('fence', fence) }),
    },
  }
}

function checkCommand(command: string): string {
  if (Object.hasOwn(manual, command)) return command
  throw new UsageError(
    `There is no command ${JSON.stringify(command)}: it is one of ${Object.keys(manual).join(', ')}.`,
  )
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(`${(error as Error).message.replace(/\.?$/, '.')}`)
  }
}

function whole(name: string, text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new UsageError(`--${name} is a whole number, given ${JSON.stringify(text)}.`)
  }
  return value
}
