import fc from 'fast-check'
import { canHappen, checkCommand, happen, leaveAlone } from './happen.ts'
import { type Around, type Beginning, beginLifecycle, type Lifecycle } from './lifecycle.ts'

export interface Options extends Around {
  readonly seed?: number
  readonly runs?: number
  /** tell the first failure as it was found */
  readonly asFound?: boolean
}

/** A lifecycle in which the engine did otherwise than the rules say, as short as could be found. */
export interface Failure {
  readonly fault: string
  /** what to replay */
  readonly lifecycle: string
  readonly commands: number
  /** lifecycles run until it was found, without the shortening */
  readonly runs: number
}

class Fault extends Error {
  readonly lifecycle: string
  readonly commands: number
  constructor(beginning: Beginning, life: Lifecycle | null, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    const story = life?.story ?? []
    this.lifecycle = [printBeginning(beginning), ...story].join(' ')
    this.commands = story.length
  }
}

class Command implements fc.Command<Lifecycle, Lifecycle> {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  check(life: Readonly<Lifecycle>): boolean {
    return canHappen(life, this.text)
  }
  run(life: Lifecycle): void {
    happen(life, this.text)
  }
  toString(): string {
    return this.text
  }
}

const ms = fc.nat({ max: 6 })
const index = fc.nat({ max: 2 })
const numbered = (word: string, number = ms): fc.Arbitrary<Command> =>
  number.map((n) => new Command(`${word}${n}`))
const plain = (...words: string[]): fc.Arbitrary<Command> =>
  fc.constantFrom(...words).map((word) => new Command(word))
const script = fc
  .tuple(fc.constantFrom('', '', ':set', ':delete'), ms, fc.constantFrom('', '', ':ok', ':fail'))
  .map(([intent, time, end]) => `${intent}${intent === ':set' ? time : ''}${end}`)

// What is listed more than once is more likely.
const commands = [
  numbered('set'),
  numbered('set'),
  numbered('set'),
  numbered('set~'),
  plain('delete', 'delete', 'delete~', 'touch', 'touch~', 'value'),
  plain('commit.ok'),
  plain('commit.ok', 'commit.ok', 'commit.applied', 'commit.fail'),
  plain('write.ok'),
  plain('write.ok', 'write.ok', 'write.ok', 'write.applied', 'write.fail', 'write.fail'),
  plain('backoff'),
  numbered('land', index),
  numbered('sleep'),
  script.map((what) => new Command(`deliver${what}`)),
  plain('deliver', 'handler.ok', 'handler.ok', 'handler.fail'),
  plain('abandon', 'crash', 'expire0', 'expire1', 'confirmed?', 'drained?'),
]

const beginnings: fc.Arbitrary<Beginning> = fc.record({
  alarm: fc.option(ms),
  retries: fc.nat({ max: 2 }),
  reconcile: fc.boolean(),
  synchronous: fc.subarray(['commit', 'write'] as const),
  heard: fc.boolean(),
})

/** Makes up lifecycles until one fails. */
export function randomLifecycles({ seed, runs = 1000, asFound = false, ...around }: Options): {
  failure: Failure | null
  seed: number
  runs: number
  /** of all of them */
  commands: number
} {
  let happened = 0
  const property = fc.property(
    beginnings,
    fc.commands(commands, { maxCommands: 80, size: 'max' }),
    (beginning, made) => {
      let life: Lifecycle | null = null
      try {
        life = beginLifecycle(beginning, around)
        const same = life
        fc.modelRun(() => ({ model: same, real: same }), made)
        leaveAlone(life)
      } catch (error) {
        throw new Fault(beginning, life, error)
      } finally {
        happened += life?.story.length ?? 0
      }
    },
  )
  const { errorInstance, numRuns, numShrinks, ...details } = fc.check(property, {
    numRuns: runs,
    endOnFailure: asFound,
    ...(seed === undefined ? {} : { seed }),
  })
  if (errorInstance !== null && !(errorInstance instanceof Fault)) throw errorInstance
  const found = errorInstance === null ? null : failureOf(errorInstance, numRuns)
  const failure = found === null || asFound ? found : shorten(found, around)
  return { failure, seed: details.seed, runs: numRuns, commands: happened }
}

function failureOf({ message, lifecycle, commands }: Fault, runs: number): Failure {
  return { fault: message, lifecycle, commands, runs }
}

/** Leaves out what the fault can do without, however it is told then. */
function shorten(found: Failure, around: Around): Failure {
  const [settings, words] = split(found.lifecycle)
  const beginning = printBeginning(readBeginning(settings))
  for (let from = words.length - 1; from >= 0; from--) {
    const fewer = [beginning, ...words.toSpliced(from, 1)].join(' ')
    const failure = replayLifecycle(fewer, around)
    if (failure !== null && failure.commands < found.commands) {
      return shorten({ ...failure, runs: found.runs }, around)
    }
  }
  return found
}

/** A failure for people: what went wrong, and how to see it again. */
export function printFailure({ fault, lifecycle }: Failure): string {
  return `${fault}\n  npm run lifecycles -- --replay "${lifecycle}"`
}

/** Runs one lifecycle as a failure printed it; what can not happen is left out. */
export function replayLifecycle(lifecycle: string, around: Around = {}): Failure | null {
  const [settings, words] = split(lifecycle)
  words.forEach(checkCommand)
  const beginning = readBeginning(settings)
  let life: Lifecycle | null = null
  try {
    life = beginLifecycle(beginning, around)
    for (const word of words) if (canHappen(life, word)) happen(life, word)
    leaveAlone(life)
    return null
  } catch (error) {
    return failureOf(new Fault(beginning, life, error), 1)
  }
}

function printBeginning({ alarm, retries, reconcile, synchronous, heard }: Beginning): string {
  const sync = synchronous.length > 0 ? [`synchronous=${synchronous}`] : []
  return [`alarm=${alarm}`, `retries=${retries}`, ...sync, `reconcile=${reconcile}`, `heard=${heard}`].join(
    ' ',
  )
}

function split(lifecycle: string): [Map<string, string>, string[]] {
  const words = lifecycle.split(/\s+/).filter((word) => word !== '')
  const settings = words
    .filter((word) => word.includes('='))
    .map((word) => word.split('=') as [string, string])
  return [new Map(settings), words.filter((word) => !word.includes('='))]
}

function readBeginning(settings: Map<string, string>): Beginning {
  const alarm = settings.get('alarm') ?? 'null'
  return {
    alarm: alarm === 'null' ? null : Number(alarm),
    retries: Number(settings.get('retries') ?? 1),
    reconcile: settings.get('reconcile') !== 'false',
    synchronous: (settings.get('synchronous')?.split(',') ?? []) as ('commit' | 'write')[],
    heard: settings.get('heard') === 'true',
  }
}
