// npm run load                        every scenario for a minute each, exit code 1 if the heap is not flat or the process not responsive
// npm run load -- --seconds 10        shorter
// npm run load -- --only 'never'      those whose name contains it
// npm run load -- --leak              keeps one small object in a thousand intents: must be found (exit code 1)
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { scratchFolder } from '../../examples/processes/scratch-folder.ts'
import { type Durations, type Measured, measure } from './measure.ts'
import { healthyMemory } from './scenarios/healthy-memory.ts'
import { healthySqlite } from './scenarios/healthy-sqlite.ts'
import { silentManager } from './scenarios/silent-manager.ts'
import { durableStore } from './scenarios/sqlite-store.ts'
import { stuckActor } from './scenarios/stuck-actor.ts'
import { stuckHandlers } from './scenarios/stuck-handlers.ts'

const scenarios = [stuckHandlers, stuckActor, silentManager, healthyMemory, healthySqlite, durableStore]

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    only: { type: 'string', default: '' },
    leak: { type: 'boolean', default: false },
    one: { type: 'string' }, // this process measures it, for its parent
  },
})
const seconds = Number(values.seconds)
if (!Number.isSafeInteger(seconds) || seconds < 5) {
  console.error('--seconds must be a whole number, 5 or more')
  process.exit(2)
}

const number = (value: number): string => Math.round(value).toLocaleString('en-US')

/** Each in a process of its own, so that none finds what another has left in the heap. */
function inItsOwnProcess(name: string): Measured {
  const args = [...process.execArgv, '--expose-gc', process.argv[1]!, ...process.argv.slice(2), '--one', name]
  const { error, stdout, status, signal } = spawnSync(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: seconds * 4_000 + 120_000,
  })
  if (status !== 0) {
    const how = error?.message ?? `ended with ${signal ?? status}`
    throw new Error(`the process of "${name}": ${how}. It printed last: ${String(stdout).slice(-500)}`)
  }
  return JSON.parse(stdout.toString())
}

const print = ({ p50, p99, max }: Durations): string =>
  `${p50.toFixed(1)} / ${p99.toFixed(1)} / ${max.toFixed(0)} ms`

function row({ name, what, issued, achieved, heap, late, busy, says, faults }: Measured): string {
  const cells = [
    name,
    `${number(issued)} ${what}, ${number(achieved)}/s`,
    `${(heap.first / 1e6).toFixed(2)} → ${(heap.last / 1e6).toFixed(2)} MB`,
    `${number(heap.trend.slope)} B/s (${number(heap.trend.low)} to ${number(heap.trend.high)})`,
    print(busy),
    print(late),
    says,
    faults.length === 0 ? 'flat' : faults.join('; '),
  ]
  return `| ${cells.join(' | ')} |`
}

if (values.one !== undefined) {
  const folder = scratchFolder('nolater-load')
  const scenario = scenarios.find(({ name }) => name === values.one)!
  console.log(JSON.stringify(await measure(scenario, folder, seconds, values.leak)))
  process.exit()
}

console.log(
  '| load | done | heap after a collection | slope (99 % between) | own work in a turn, p50 / p99 / max | timers late | came of it | |',
)
console.log('|---|---|---|---|---|---|---|---|')
let hasFailed = false
for (const { name } of scenarios.filter((scenario) => scenario.name.includes(values.only))) {
  const measured = inItsOwnProcess(name)
  hasFailed ||= measured.faults.length > 0
  console.log(row(measured))
}
process.exit(hasFailed ? 1 : 0)
