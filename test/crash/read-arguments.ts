import { type ParseArgsConfig, parseArgs } from 'node:util'

/** What a campaign is asked for. */
export interface Arguments<S extends string> {
  readonly kills: number
  readonly seed: number
  /** no more kills after that */
  readonly seconds: number
  readonly sabotage: S
  /** what else was allowed */
  readonly more: Readonly<Record<string, unknown>>
}

/** Reads --kills, --seed, --seconds and --sabotage; ends the process if they are none. `more` are what else may be given. */
export function readArguments<S extends string>(
  sabotages: readonly S[],
  defaults: { readonly kills: number; readonly seconds: number },
  more: NonNullable<ParseArgsConfig['options']> = {},
): Arguments<S> {
  const { values } = parseArgs({
    options: {
      ...(more as Record<never, never>),
      kills: { type: 'string', default: `${defaults.kills}` },
      seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
      seconds: { type: 'string', default: `${defaults.seconds}` },
      sabotage: { type: 'string', default: 'none' },
    },
  })
  const sabotage = sabotages.find((name) => name === values.sabotage)
  const [kills, seed, seconds] = [Number(values.kills), Number(values.seed), Number(values.seconds)]
  if (![kills, seed, seconds].every((n) => Number.isSafeInteger(n) && n >= 0) || sabotage === undefined) {
    console.error(
      `--kills, --seed and --seconds are whole numbers, --sabotage is one of ${sabotages.join(', ')}`,
    )
    process.exit(2)
  }
  return { kills, seed, seconds, sabotage, more: values }
}
