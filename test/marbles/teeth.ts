// Takes each rule out of the engine in turn and says which diagrams fail without it: `npm run teeth:marbles`.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { keepAlarm } from 'nolater'
import { checkMarbles } from 'nolater/marbles'
import { loadPatched } from '../explore/patch-engine.ts'
import { type RuleTakenOut, rulesTakenOut } from './rules-taken-out.ts'

const script = fileURLToPath(import.meta.url)
// First with nothing taken out: a diagram that fails anyway would show nothing.
const turns: readonly RuleTakenOut[] = [['none'], ...rulesTakenOut]
const silence = 10_000 // a diagram takes a millisecond; without some rules it goes round for ever
const names = readdirSync('marbles')
  .filter((file) => file.endsWith('.marbles'))
  .map((file) => basename(file, '.marbles'))

interface Bite {
  readonly rule: string
  readonly failing: string[]
  /** the diagrams that never ended, which fail too */
  readonly endless: string[]
  /** why the rule could not be taken out */
  readonly error: string
}

/** The child's part: says before each diagram which it is, and after it how it went. */
async function play(rule: number, from: number): Promise<void> {
  const [, ...patches] = turns[rule]!
  const engine = { openAlarm: await loadPatched(patches), keepAlarm }
  for (const name of names.slice(from)) {
    process.stdout.write(`${name} `)
    try {
      checkMarbles(readFileSync(`marbles/${name}.marbles`, 'utf8'), { engine })
      process.stdout.write('passes\n')
    } catch {
      process.stdout.write('fails\n')
    }
  }
}

/** Plays all diagrams without a rule, each in a process that may be killed; the next goes on behind the one that never ended. */
async function biteOf(rule: number): Promise<Bite> {
  const bite = { rule: turns[rule]![0], failing: [] as string[], endless: [] as string[], error: '' }
  for (let from = 0; from < names.length && bite.error === '' && bite.endless.length < 3; ) {
    const { said, error } = await listen(rule, from)
    const lines = said.split('\n').filter((line) => line !== '')
    for (const line of lines) {
      const [name = '', how] = line.split(' ')
      if (how !== 'passes') bite.failing.push(name)
      if (how === '') bite.endless.push(name)
    }
    if (lines.length === 0) bite.error = error.trim() || 'nothing was played'
    from += lines.length
  }
  return bite
}

function listen(rule: number, from: number): Promise<{ said: string; error: string }> {
  const { promise, resolve } = Promise.withResolvers<{ said: string; error: string }>()
  const args = ['--max-old-space-size=300', ...process.execArgv, script, String(rule), String(from)]
  const child = spawn(process.execPath, args)
  let said = ''
  let error = ''
  const kill = (): void => void child.kill('SIGKILL')
  let patience = setTimeout(kill, 6 * silence)
  child.stdout.on('data', (data) => {
    said += data
    clearTimeout(patience)
    patience = setTimeout(kill, silence)
  })
  child.stderr.on('data', (data) => {
    error += data
  })
  child.on('close', () => {
    clearTimeout(patience)
    resolve({ said, error })
  })
  return promise
}

function report([intact, ...bites]: readonly Bite[]): number {
  if (intact === undefined || intact.error !== '' || intact.failing.length > 0) {
    console.error(`Fails with all rules in place: ${intact?.error || intact?.failing.join(', ')}`)
    return 1
  }
  console.log('| without this rule | diagrams that fail |\n|---|---|')
  for (const { rule, failing, endless, error } of bites) {
    const few = failing.slice(0, 4).join(', ') + (failing.length > 4 ? ', ...' : '')
    const never = endless.length > 0 ? ` (${endless.length} without an end)` : ''
    console.log(
      `| ${rule} | ${error ? 'NOT TAKEN OUT' : failing.length === 0 ? 'NONE' : `${failing.length}: ${few}${never}`} |`,
    )
  }
  const toothless = names.filter((name) => !bites.some(({ failing }) => failing.includes(name)))
  const unseen = bites.filter(({ failing }) => failing.length === 0)
  console.log(
    `\n${names.length} diagrams, ${bites.length} rules taken out, ${unseen.length} without a diagram that fails.`,
  )
  console.log(`Diagrams that none of them makes fail: ${toothless.join(', ') || 'none'}.`)
  for (const { rule, error } of unseen) console.error(`\n${rule}: ${error || 'no diagram fails without it'}`)
  return unseen.length > 0 || toothless.length > 0 ? 1 : 0
}

const [rule, from] = process.argv.slice(2)
if (rule !== undefined) {
  await play(Number(rule), Number(from))
} else {
  const bites: Bite[] = []
  const left = turns.keys()
  const work = async (): Promise<void> => {
    for (const rule of left) bites[rule] = await biteOf(rule)
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), 4) }, work))
  process.exitCode = report(bites)
}
