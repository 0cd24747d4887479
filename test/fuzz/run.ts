// npm run fuzz                                       a minute of programmes from a new seed
// npm run fuzz -- --seed 1 --seconds 300             five minutes from this one
// npm run fuzz -- --all --except "gate"              does not stop at the first that fails; not those whose fault reads so
// npm run fuzz -- --without odd,step                 leaves features out
// npm run fuzz -- --replay "a.set5 +1000"            one programme
// npm run fuzz -- --mutants                          what finds which protection taken out, as a table
import { parseArgs } from 'node:util'
import { tell } from './draw.ts'
import { find } from './find.ts'
import { patchedLibrary } from './library.ts'
import { features, madeUp } from './made-up.ts'
import { printProgramme, readProgramme } from './programme.ts'
import { protections } from './protections.ts'
import { runProgramme, started } from './run-programme.ts'
import { shrink } from './shrink.ts'
import { watchdog } from './watchdog.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    replay: { type: 'string' },
    without: { type: 'string', default: '' },
    all: { type: 'boolean' },
    except: { type: 'string' },
    mutants: { type: 'boolean' },
    runs: { type: 'string', default: '2000' },
  },
})
const without = new Set(features.filter((name) => values.without.split(',').includes(name)))
const count = (number: number): string => number.toLocaleString('en')

async function replay(line: string): Promise<void> {
  const programme = readProgramme(line)
  const { faults } = await runProgramme(programme)
  if (faults.length === 0) return console.log('no fault')
  console.log(await tell(programme))
  process.exitCode = 1
}

async function atRandom(): Promise<void> {
  const first = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  const isExcepted = (fault: string): boolean =>
    values.except !== undefined && new RegExp(values.except).test(fault)
  const start = performance.now()
  let seed = first
  let steps = 0
  for (let goesOn = true; goesOn && performance.now() - start < Number(values.seconds) * 1000; seed++) {
    const outcome = await runProgramme(madeUp(seed, without))
    steps += outcome.steps
    if (outcome.faults.length === 0 || isExcepted(outcome.faults[0]!)) continue
    process.exitCode = 1
    goesOn = values.all === true
    const { programme } = await shrink(outcome)
    console.log(`seed ${seed}: ${await tell(programme)}`)
  }
  const took = ((performance.now() - start) / 1000).toFixed(1)
  console.log(
    `seeds ${first} to ${seed - 1}: ${count(seed - first)} programmes, ${count(steps)} steps, ${took} s`,
  )
}

async function ofMutants(): Promise<void> {
  console.log('| protection taken out | found by | programmes until then | words left |')
  console.log('|---|---|---|---|')
  for (const { name, around = [], patches } of protections) {
    const library = await patchedLibrary([...around, ...patches])
    const found = await find({ seed: Number(values.seed ?? 1), runs: Number(values.runs), without, library })
    if (found === null) {
      console.log(`| ${name} | NOT FOUND | | |`)
      process.exitCode = 1
      continue
    }
    const { faults, programme, runs } = found
    console.log(`| ${name} | ${faults[0]!.split('\n')[0]} | ${runs} | ${programme.words.length} |`)
    if (values.all) console.log(printProgramme(programme))
  }
}

const dog = watchdog(30_000)
started.push((programme) => dog.watch(printProgramme(programme)))

if (values.replay !== undefined) await replay(values.replay)
else if (values.mutants) await ofMutants()
else await atRandom()
dog.stop()
