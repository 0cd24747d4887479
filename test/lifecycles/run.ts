// node test/lifecycles/run.ts                                   10,000 lifecycles from a new seed
// node test/lifecycles/run.ts --seed 1 --runs 100000            from this one
// node test/lifecycles/run.ts --replay "alarm=2 set3 write.ok"  one lifecycle
// node test/lifecycles/run.ts --mutants                         what catches which broken engine, as a table
import { parseArgs } from 'node:util'
import { mutants } from '../explore/mutants.ts'
import { loadPatched } from '../explore/patch-engine.ts'
import { printFailure, randomLifecycles, replayLifecycle } from './random-lifecycles.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    runs: { type: 'string', default: '10000' },
    replay: { type: 'string' },
    mutants: { type: 'boolean' },
  },
})
const options = {
  runs: Number(values.runs),
  ...(values.seed === undefined ? {} : { seed: Number(values.seed) }),
}

function fail(message: string): void {
  console.log(message)
  process.exitCode = 1
}

async function ofMutants(): Promise<void> {
  console.log('| broken on purpose | caught by | lifecycles until then | commands left |')
  console.log('|---|---|---|---|')
  // Lives of one copy are the explorer's alone.
  for (const { name, patches = [], world = {} } of mutants.filter(
    (mutant) => mutant.world?.oneCopy !== true,
  )) {
    const { failure } = randomLifecycles({
      seed: 1,
      ...options,
      openAlarm: await loadPatched(patches),
      world,
    })
    if (failure === null) fail(`| ${name} | NOT CAUGHT | | |`)
    else console.log(`| ${name} | ${failure.fault} | ${failure.runs} | ${failure.commands} |`)
  }
}

if (values.mutants) await ofMutants()
else if (values.replay !== undefined) {
  const failure = replayLifecycle(values.replay)
  if (failure === null) console.log('no fault')
  else fail(printFailure(failure))
} else {
  const start = performance.now()
  const { failure, seed, runs, commands } = randomLifecycles(options)
  const count = (number: number): string => number.toLocaleString('en')
  const took = ((performance.now() - start) / 1000).toFixed(1)
  if (failure === null) {
    console.log(`seed ${seed}: ${count(runs)} lifecycles, ${count(commands)} commands, no fault, ${took} s`)
  } else fail(`seed ${seed}, lifecycle ${runs}: ${printFailure(failure)}`)
}
