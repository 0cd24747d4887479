// npm run crash                          300 kills, every kind of trouble, exit code 1 if anything was lost, late or early
// npm run crash -- --kills 1000 --seed 7
// npm run crash -- --seconds 60          no more kills after that
// npm run crash -- --sabotage no-fence   breaks the hosts: the checker must find it (exit code 1)
import { rmSync } from 'node:fs'
import { makePlace } from '../../examples/fleet/place.ts'
import { endBySignals } from '../../examples/processes/scratch-folder.ts'
import { campaign } from './campaign.ts'
import { clockStep } from './faults/clock-step.ts'
import { fullDatabase } from './faults/full-database.ts'
import { fullDisk } from './faults/full-disk.ts'
import { locked } from './faults/locked.ts'
import { ownerChange } from './faults/owner-change.ts'
import { makePlan, SABOTAGES } from './plan.ts'
import { readArguments } from './read-arguments.ts'
import { printOutcome } from './report.ts'
import { mountSmallDisk } from './small-disk.ts'

const { kills, seed, seconds, sabotage } = readArguments(SABOTAGES, { kills: 300, seconds: 540 })

const place = makePlace()
const disk = mountSmallDisk(place.path, 256)
process.on('exit', () => {
  disk?.unmount()
  rmSync(place.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
})
endBySignals()

const plan = { ...makePlan(seed, disk?.path ?? place.path), sabotage }
console.log(
  `${plan.hosts} processes, ${plan.actors.length} actors, one manager file; ${kills} kills, seed ${seed}`,
)
if (disk === null) console.log('a small disk cannot be mounted here: no full disk, only full databases')
let shownAt = 0
const outcome = await campaign({
  plan,
  disk,
  kills,
  seconds,
  faults: [...(disk === null ? [] : [fullDisk]), fullDatabase, locked, clockStep, ownerChange],
  stopsAtFault: sabotage !== 'none',
  watch(line) {
    if (Date.now() - shownAt < 5_000) return
    shownAt = Date.now()
    console.log(`  ${line}`)
  },
})
console.log(`\n${printOutcome(outcome)}`)
process.exit(outcome.violations.length > 0 ? 1 : 0)
