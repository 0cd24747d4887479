// npm run chaos                              100 kills, every kind of trouble, exit code 1 if anything was lost, late, early or shared
// npm run chaos -- --kills 300 --seed 7
// npm run chaos -- --seconds 60              no more kills after that
// npm run chaos -- --sabotage two-owners     breaks the workers: the checker must find it (exit code 1)
import { endBySignals } from '../../examples/processes/scratch-folder.ts'
import { readArguments } from '../crash/read-arguments.ts'
import { startServer } from '../postgres/server.ts'
import { campaign } from './campaign.ts'
import { makePlan, SABOTAGES } from './plan.ts'
import { printOutcome } from './report.ts'

const { kills, seed, seconds, sabotage } = readArguments(SABOTAGES, { kills: 100, seconds: 180 })
const server = await startServer()
endBySignals()

const { connectionString } = server
const plan = { ...makePlan(seed), connectionString, schema: 'chaos', sabotage }
console.log(
  `${plan.workers} processes, ${plan.actors.length} actors, one PostgreSQL; ${kills} kills in ${seconds} s at most, seed ${seed}`,
)
let shownAt = 0
const outcome = await campaign({
  plan,
  server,
  kills,
  seconds,
  stopsAtFault: sabotage !== 'none',
  watch(line) {
    if (Date.now() - shownAt < 5_000) return
    shownAt = Date.now()
    console.log(`  ${line}`)
  },
})
console.log(`\n${printOutcome(outcome)}`)
await server.stop()
process.exit(outcome.violations.length > 0 ? 1 : 0)
