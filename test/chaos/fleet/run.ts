// npm run chaos:fleet                            500 faults over four processes, exit code 1 if anything was lost, later or before its time
// npm run chaos:fleet -- --kills 50 --seed 7
// npm run chaos:fleet -- --standby               a standby has each commit first; it is promoted, and another one takes its place
// npm run chaos:fleet -- --pooler transaction    behind PgBouncer; or session
// npm run chaos:fleet -- --least                 as a role with the rights that the docs name
// npm run chaos:fleet -- --sabotage no-alarm     breaks the processes: the checker must find it (exit code 1); or two-owners
// NOLATER_POSTGRES=/usr/lib/postgresql/15 npm run chaos:fleet    another PostgreSQL than npm's
import { endBySignals } from '../../../examples/processes/scratch-folder.ts'
import { readArguments } from '../../crash/read-arguments.ts'
import { troubleFleet } from './campaign.ts'

const {
  kills: faults,
  seed,
  sabotage,
  more: { standby, least, pooler },
} = readArguments(
  ['none', 'no-alarm', 'two-owners'],
  { kills: 500, seconds: 0 },
  {
    standby: { type: 'boolean', default: false },
    least: { type: 'boolean', default: false },
    pooler: { type: 'string', default: 'none' },
  },
)
if (pooler !== 'none' && pooler !== 'session' && pooler !== 'transaction') {
  console.error(`--pooler is none, session or transaction; given ${pooler}`)
  process.exit(2)
}
endBySignals()
const parts = [
  ...(standby ? ['a standby'] : []),
  ...(pooler === 'none' ? [] : [`PgBouncer (${pooler})`]),
  ...(least ? ['the least role'] : []),
]
console.log(
  `4 processes, 60 actors, one PostgreSQL, ${parts.join(', ') || 'as it comes'}; ${faults} faults, seed ${seed}`,
)
let shownAt = 0
const found = await troubleFleet({
  standby: standby === true,
  pooler,
  isLeast: least === true,
  faults,
  seed,
  sabotage,
  watch(line) {
    if (Date.now() - shownAt < 5_000) return
    shownAt = Date.now()
    console.log(`  ${line}`)
  },
})
const troubles = Object.entries(found.faults).map(([name, count]) => `${count} ${name}`)
const { all, quiet } = found.lateness
console.log(
  `\n${troubles.join(', ')}; ${found.acknowledged} wishes acknowledged, ${all.done} fulfilled, ${found.looks} looks`,
)
console.log(`late, through all of it: p50 ${all.p50} ms, p99 ${all.p99} ms, at most ${all.max} ms`)
console.log(
  `late where nothing was wrong for ten seconds (${quiet.done}): p50 ${quiet.p50} ms, p99 ${quiet.p99} ms, at most ${quiet.max} ms`,
)
for (const violation of found.violations.slice(0, 20)) console.log(violation)
console.log(`${found.violations.length} violations`)
process.exit(found.violations.length > 0 ? 1 : 0)
