// node test/fuzz/run.ts                               a minute of programmes from a new seed
// node test/fuzz/run.ts --seed 1 --seconds 300        five minutes from this one
// node test/fuzz/run.ts --replay "a.set5 +1000"       one programme
import { parseArgs } from 'node:util'
import { features, madeUp } from './made-up.ts'
import { printProgramme, readProgramme } from './programme.ts'
import { runProgramme } from './run-programme.ts'
import { shrink } from './shrink.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    replay: { type: 'string' },
    without: { type: 'string', default: '' },
    all: { type: 'boolean' },
    except: { type: 'string' },
  },
})
const without = new Set(features.filter((name) => values.without.split(',').includes(name)))
const count = (number: number): string => number.toLocaleString('en')

if (values.replay !== undefined) {
  const { faults } = await runProgramme(readProgramme(values.replay))
  console.log(faults.length === 0 ? 'no fault' : faults.join('\n'))
  if (faults.length > 0) process.exitCode = 1
} else {
  const first = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  const start = performance.now()
  let seed = first
  let steps = 0
  for (; performance.now() - start < Number(values.seconds) * 1000; seed++) {
    const outcome = await runProgramme(madeUp(seed, without))
    steps += outcome.steps
    if (outcome.faults.length === 0) continue
    if (values.except !== undefined && new RegExp(values.except).test(outcome.faults[0]!)) continue
    process.exitCode = 1
    const small = await shrink(outcome)
    console.log(`seed ${seed}: ${small.faults.join('\n  ')}`)
    console.log(`  npm run fuzz -- --replay "${printProgramme(small.programme)}"`)
    if (!values.all) break
  }
  const took = ((performance.now() - start) / 1000).toFixed(1)
  console.log(
    `seeds ${first} to ${seed - 1}: ${count(seed - first)} programmes, ${count(steps)} steps, ${took} s`,
  )
}
