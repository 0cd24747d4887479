// node test/explore/run.ts                                  every bound of fullBounds, exhaustively
// node test/explore/run.ts --intents 3 --failures 2         one bound
// node test/explore/run.ts --random --seed 1 --seconds 60   schedules made up at random, far beyond those bounds
// node test/explore/run.ts --replay "alarm=2 open set3"     one schedule, drawn
// node test/explore/run.ts --mutants                        what catches which broken engine, as a table
import { parseArgs } from 'node:util'
import { type Bound, deepBounds, fullBounds } from './bounds.ts'
import { catchMutant } from './catch-mutant.ts'
import { exploreSchedules } from './explorer/explore-schedules.ts'
import type { ExploreOptions } from './explorer/options.ts'
import { randomSchedule } from './explorer/random-schedule.ts'
import { replaySchedule } from './explorer/replay-schedule.ts'
import { mutants } from './mutants.ts'

const numbers = ['intents', 'times', 'wakes', 'failures', 'crashes', 'late', 'abandons'] as const
const { values } = parseArgs({
  options: {
    random: { type: 'boolean' },
    seed: { type: 'string' },
    seconds: { type: 'string', default: '60' },
    replay: { type: 'string' },
    mutants: { type: 'boolean' },
    ...Object.fromEntries(numbers.map((name) => [name, { type: 'string' } as const])),
  },
})
const asked: ExploreOptions = Object.fromEntries(
  numbers.flatMap((name) => {
    const value = (values as Record<string, unknown>)[name]
    return value === undefined ? [] : [[name, Number(value)]]
  }),
)

const count = (number: number): string => number.toLocaleString('en')
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`

function exhaustively(bounds: readonly Bound[]): void {
  console.log(
    '| bound | states | steps | schedules | inputs to real engines | longest way | violations | time |',
  )
  console.log('|---|---|---|---|---|---|---|---|')
  for (const { name, ...bound } of bounds) {
    const start = performance.now()
    const { violation, states, steps, schedules, engine, depth } = exploreSchedules(bound)
    const ways = schedules < 1e9 ? count(schedules) : schedules.toExponential(1)
    const row = [
      name,
      count(states),
      count(steps),
      ways,
      count(engine.inputs),
      depth,
      violation ? 1 : 0,
      seconds(start),
    ]
    console.log(`| ${row.join(' | ')} |`)
    if (violation) fail(`${violation.fault}\n${violation.diagram}\n  ${violation.schedule}`)
  }
}

function atRandom(): void {
  const first = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
  const start = performance.now()
  const isOver = (): boolean => performance.now() - start > Number(values.seconds) * 1000
  let steps = 0
  let seed = first
  for (; !isOver() && process.exitCode === undefined; seed++) {
    const { violation, ...made } = randomSchedule(seed, { ...deepBounds, ...asked })
    steps += made.steps
    if (violation) fail(`seed ${seed}: ${violation.fault}\n${violation.diagram}\n  ${violation.schedule}`)
  }
  console.log(
    `seeds ${first} to ${seed - 1}: ${count(seed - first)} schedules, ${count(steps)} steps, ${seconds(start)}`,
  )
}

async function ofMutants(): Promise<void> {
  console.log('| broken on purpose | caught by | moves | states explored |')
  console.log('|---|---|---|---|')
  for (const mutant of mutants) {
    const { violation, states } = await catchMutant(mutant)
    const moves = violation ? violation.schedule.split(' ').length - 1 : ''
    console.log(`| ${mutant.name} | ${violation?.fault ?? 'NOT CAUGHT'} | ${moves} | ${count(states)} |`)
    if (violation === null) process.exitCode = 1
  }
}

function fail(message: string): void {
  console.log(message)
  process.exitCode = 1
}

if (values.mutants) await ofMutants()
else if (values.random) atRandom()
else if (values.replay !== undefined) {
  const { fault, diagram } = replaySchedule(values.replay)
  console.log(`${diagram}\n${fault ?? 'no violation'}`)
} else exhaustively(Object.keys(asked).length > 0 ? [{ name: JSON.stringify(asked), ...asked }] : fullBounds)
