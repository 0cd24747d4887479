// npm run chaos:fleet                            500 faults over four processes, exit code 1 if anything was lost, later or before its time
// npm run chaos:fleet -- --kills 50 --seed 7
// npm run chaos:fleet -- --sabotage no-alarm     breaks the processes: the checker must find it (exit code 1)
import { endBySignals } from '../../../examples/processes/scratch-folder.ts'
import { readArguments } from '../../crash/read-arguments.ts'
import { startServer } from '../../postgres/server.ts'
import { troubleFleet } from './campaign.ts'

const { kills: faults, seed, sabotage } = readArguments(['none', 'no-alarm'], { kills: 500, seconds: 0 })
const server = await startServer()
endBySignals()
console.log(`4 processes, 60 actors, one PostgreSQL; ${faults} faults, seed ${seed}`)
let shownAt = 0
const found = await troubleFleet(server, {
  faults,
  seed,
  sabotage,
  watch(line) {
    if (Date.now() - shownAt < 5_000) return
    shownAt = Date.now()
    console.log(`  ${line}`)
  },
})
await server.stop()
const { done, p50, p99, max } = found.lateness
const troubles = Object.entries(found.faults).map(([name, count]) => `${count} ${name}`)
console.log(
  `\n${troubles.join(', ')}; ${found.acknowledged} wishes acknowledged, ${done} fulfilled, ${found.looks} looks`,
)
console.log(`late, through all of it: p50 ${p50} ms, p99 ${p99} ms, at most ${max} ms`)
for (const violation of found.violations.slice(0, 20)) console.log(violation)
console.log(`${found.violations.length} violations`)
process.exit(found.violations.length > 0 ? 1 : 0)
