import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { ACTORS } from './mix.ts'
import type { ScriptLine } from './script.ts'
import { parseScript } from './script-file.ts'

export const HELP = `npm start                      the built-in mix: ${ACTORS} actors for about 20 seconds, killed four times
npm start -- FILE              a script instead, in JSONL, times in ms from the start:
                                 {"at": 0, "actor": "a", "set": 1500}
                                 {"at": 900, "actor": "a", "delete": true}
npm start -- --seed N          the mix, the weather and the kills of that seed
npm start -- --sabotage        moves one alarm later behind the library's back: the check must find it
npm start -- --help

The exit code is 0 when all went well; 1 when an alarm was lost, or the manager was ever later than a store; 2 when the arguments or
the file cannot be used, and nothing was run.
`

/** What a run is asked to be. */
export interface Arguments {
  /** `null`: the built-in mix */
  readonly script: readonly ScriptLine[] | null
  readonly seed: number
  readonly isSabotaged: boolean
}

/** Reads the command line, and the file that it names. Throws, with a message for people, what cannot be used. */
export function readArguments(): Arguments | 'help' {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      seed: { type: 'string' },
      sabotage: { type: 'boolean' },
    },
  })
  if (values.help) return 'help'
  const seed = Number(values.seed ?? Date.now() % 1_000_000)
  if (!Number.isSafeInteger(seed) || seed < 0 || values.seed === '') {
    throw new Error(`--seed must be a whole number, 0 or more, and is ${JSON.stringify(values.seed)}`)
  }
  const [file, ...more] = positionals
  if (more.length > 0) throw new Error(`one FILE at most, given ${positionals.join(' ')}`)
  return { script: file === undefined ? null : readScript(file), seed, isSabotaged: values.sabotage === true }
}

function readScript(file: string): ScriptLine[] {
  const text = readFileSync(file, 'utf8')
  try {
    return parseScript(text)
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`)
  }
}
