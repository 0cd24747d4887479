import { parseArgs } from 'node:util'
import type { ListedState } from '../../vocabulary/listed-alarm.ts'
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

/** Which options a command takes, and how many words follow its target: at least, and at most. */
const commands: Readonly<Record<string, readonly [takes: readonly string[], least: number, most: number]>> = {
  list: [['state', 'prefix', 'limit', 'after'], 0, 0],
  stats: [['watch'], 0, 0],
  show: [['journal', 'limit'], 1, 1],
  retry: [['all', 'prefix', 'fence'], 0, Infinity],
  reschedule: [['fence'], 2, 2],
  discard: [['fence'], 1, Infinity],
  pause: [['all', 'prefix'], 0, 1],
  resume: [['all', 'prefix'], 0, 1],
  doctor: [['fix'], 0, Infinity],
  ui: [['port', 'host', 'change', 'token', 'journal'], 0, 0],
}

/** Reads the words of a call; `help` and `version` where those are asked for. Throws a `UsageError`. */
export function readCall(words: readonly string[]): Call | 'help' | 'version' {
  const { values, positionals } = parsed(words)
  if (values.help || positionals[0] === 'help' || words.length === 0) return 'help'
  if (values.version) return 'version'
  const [command = '', target, ...rest] = positionals
  const known = Object.hasOwn(commands, command) ? commands[command] : undefined
  if (known === undefined) {
    throw new UsageError(
      `There is no command ${JSON.stringify(command)}: it is one of ${Object.keys(commands).join(', ')}.`,
    )
  }
  if (target === undefined) throw new UsageError(`${command} needs a file, or a postgres:// URL.`)
  const [takes, least, most] = known
  const { help: _, version: __, limit, port, fence, state, ...given } = values
  for (const name of Object.keys(values)) {
    if (![...takes, 'json', 'schema'].includes(name)) throw new UsageError(`${command} has no --${name}.`)
  }
  if (rest.length < least || rest.length > most) {
    throw new UsageError(
      `${command} takes ${most === least ? least : `${least} or more`} after its target, given ${rest.length}.`,
    )
  }
  return {
    command,
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
