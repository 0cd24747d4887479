import { MarblesError, printMarbles, type Scenario } from '../marbles/index.ts'
import { mistakeInWhere } from '../marbles/scenario/header.ts'
import { readScenario } from '../marbles/scenario/parse-marbles.ts'

/** A scenario whose letters may stand for what an actor does. */
export interface Play {
  readonly scenario: Scenario
  /** names of the actor's methods, by the alarm time that carries them through the `ask` lane, ms */
  readonly acts: ReadonlyMap<number, string>
}

// Alarm times that are asked for nowhere.
const FIRST_ACT = 1e9
const named = /([A-Za-wyz]) = ([A-Za-z_$][\w$]*)(?=,|\s*$)/g
const entry = /^[A-Za-wyz] = (?:[A-Za-z_$][\w$]*|\d+(?:\.\d+)?(?: ?(?:ms|s|m))?)$/

/**
 * Reads a scenario as it may stand in a test: indented, without a title, and with `where t = touch` for a letter in the `ask` lane that
 * calls a method of the actor. `unfinished`: how a wake ends need not be drawn.
 */
export function readPlay(text: string, title: string, finish?: 'unfinished'): Play {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  const margin = Math.min(
    ...lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)),
    Number.MAX_SAFE_INTEGER,
  )
  const own = lines.map((line) => line.slice(margin).trimEnd())
  const acts = new Map<number, string>()
  const letters = new Map<string, string>()
  // What cannot be read stays as it is, for the error to show.
  const where = own.findIndex(
    (line) =>
      /^where\s/.test(line) &&
      mistakeInWhere(line) === undefined &&
      entriesOf(line).every((one) => entry.test(one)),
  )
  if (where !== -1)
    own[where] = own[where]!.replace(named, (_, letter: string, name: string) => {
      const seconds = FIRST_ACT + acts.size
      acts.set(seconds * 1_000, name)
      letters.set(letter, name)
      return `${letter} = ${seconds}`
    })
  // Below all others: an error still points at the line that was written.
  if (!own.some((line) => /^title\s/.test(line))) own.push(`title    ${title.replaceAll('\n', ' ')}`)
  const scenario = readScenario(own.join('\n'), finish === 'unfinished')
  checkUsed(scenario, letters)
  return { scenario, acts }
}

const entriesOf = (line: string): string[] => line.replace(/^where\s+/, '').split(', ')

/** Writes it again, with the names. */
export function printPlay({ scenario, acts }: Play): string {
  const text = printMarbles(scenario).trimEnd()
  return text.replace(/^where .*$/m, (line) =>
    line.replace(/= (\d+)/g, (entry, seconds) => {
      const name = acts.get(Number(seconds) * 1_000)
      return name === undefined ? entry : `= ${name}`
    }),
  )
}

function checkUsed({ lanes }: Scenario, letters: ReadonlyMap<string, string>): void {
  const asked = lanes
    .filter(({ name }) => name === 'ask' || name === 'unconfirmed' || name === 'handler')
    .flatMap(({ spans }) => spans.flat().map(({ marks }) => marks))
  for (const [letter, name] of letters)
    if (!asked.some((marks) => marks.includes(letter)))
      throw new MarblesError(
        'MARBLES_INVALID',
        `Expected each letter to be used; ${letter} = ${name} stands in neither ask, unconfirmed nor handler. ` +
          'Take it out of where, or correct the diagram.',
      )
}
