// node spec/run.ts             every bound of fullBounds, exhaustively
// node spec/run.ts --twins     which broken twin is rejected by what, as the table of twins.md; --write puts it there
// node spec/run.ts --twin 'x'  the steps that lead to the fault of one twin
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { fullBounds } from './bounds.ts'
import { rejectTwin } from './reject-twin.ts'
import { ask, missing } from './spin.ts'
import { twinTable } from './twin-table.ts'
import { twins } from './twins.ts'

const { values } = parseArgs({
  options: { twins: { type: 'boolean' }, write: { type: 'boolean' }, twin: { type: 'string' } },
})
const count = (number: number): string => number.toLocaleString('en')

function ofBounds(): void {
  console.log('| bound | asked | states | seconds | fault |\n|---|---|---:|---:|---|')
  for (const { name, file, questions, defines } of fullBounds) {
    for (const question of questions) {
      const { fault, states, seconds, trail } = ask(file, question, defines)
      console.log(`| ${name} | ${question} | ${count(states)} | ${seconds.toFixed(1)} | ${fault ?? 'none'} |`)
      if (fault === null) continue
      console.log(trail)
      process.exitCode = 1
    }
  }
}

function ofTwins(): void {
  const rejected = new Map(
    twins.map((twin) => {
      const answer = rejectTwin(twin)
      console.log(`${twin.name}: ${answer === null ? 'NOT REJECTED' : answer.by}`)
      if (answer === null) process.exitCode = 1
      return [twin.name, answer] as const
    }),
  )
  if (values.write && process.exitCode === undefined)
    writeFileSync(new URL('twins.md', import.meta.url), twinTable(rejected))
}

const lack = missing()
if (lack !== null) {
  console.error(lack)
  process.exitCode = 2
} else if (values.twin !== undefined) {
  const twin = twins.find(({ name }) => name === values.twin)
  console.log(twin === undefined ? 'There is no such twin: spec/twins.ts has them.' : rejectTwin(twin)?.trail)
} else if (values.twins) ofTwins()
else ofBounds()
