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
  const { calls, takes, words: after } = manual[checkCommand(command ?? '')] as Manual
  if (target === undefined) throw new UsageError(`${command} needs a file, or a postgres:// URL.`)
  const [least, most] = after
  const { help: _, version: __, limit, port, fence, state, ...given } = values
  for (const name of Object.keys(values)) {
    if (!(name in takes || name === 'json' || name === 'schema'))
      throw new UsageError(`${command} has no --${name}.`)
  }
  if (rest.length < least || rest.length > most) {
    throw new UsageError(`It is called as: ${calls.join(' ').replaceAll(/ +/g, ' ')}.`)
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
      ...(limit !== undefined && { limit: whole('limit', limit, 1) }),
      ...(port !== undefined && { port: whole('port', port) }),
      ...(fence !== undefined && { fence: whole('fence', fence) }),
    },
  }
}

function checkCommand(command: string): string {
  if (Object.hasOwn(manual, command)) return command
  const names = Object.keys(manual)
  const near = nearest(command, names)
  throw new UsageError(
    `There is no command ${JSON.stringify(command)}: ${near === null ? `it is one of ${names.join(', ')}` : `${near} may be meant`}.`,
  )
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true })
  } catch (error) {
    throw new UsageError(wrongOption(error as NodeJS.ErrnoException))
  }
}

/** What Node says of an option is about the words of a call, and goes on for lines. */
function wrongOption({ code, message }: NodeJS.ErrnoException): string {
  const [, option = 'An option'] = /'(-[^' ]*)/.exec(message) ?? []
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    const near = nearest(option.slice(2), Object.keys(options))
    return `There is no option ${option}${near === null ? '' : `: --${near} may be meant`}. A key that begins with - comes after --.`
  }
  const takes =
    options[option.slice(2) as keyof typeof options]?.type === 'boolean'
      ? 'no value'
      : 'a value, as --name=value where that begins with -'
  return `${option} takes ${takes}.`
}

/** The name that may have been meant: that begins so, or is written with the same letters but two. */
function nearest(given: string, names: readonly string[]): string | null {
  if (given === '') return null
  const like = names.filter((name) => name.startsWith(given) || difference(given, name) <= 2)
  return like.sort((a, b) => difference(given, a) - difference(given, b))[0] ?? null
}

/** Letters that are to be added, left out or replaced. */
function difference(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i)
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1]
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] as number) + (letter === to[j - 1] ? 0 : 1)
      next.push(Math.min((next[j - 1] as number) + 1, (row[j] as number) + 1, replaced))
    }
    row = next
  }
  return row.at(-1) as number
}

function whole(name: string, text: string, least = 0): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
    throw new UsageError(`--${name} is a whole number, ${least} or more; given ${JSON.stringify(text)}.`)
  }
  return value
}
