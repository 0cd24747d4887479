// node test/mutation/run.ts                                  every file of stryker.config.json
// node test/mutation/run.ts src/actor/rules.ts src/actor/calls.ts:20-29  only these, or only these lines
// A mutant that survives and is not in survivors.ts fails the run; so does one that is and no longer survives.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { Stryker } from '@stryker-mutator/core'
import { type Survivor, survivors } from './survivors.ts'

type Result = Awaited<ReturnType<Stryker['runMutationTest']>>[number]

const files = process.argv.slice(2)
const start = performance.now()
const results = await new Stryker({
  configFile: 'test/mutation/stryker.config.json',
  ...(files.length > 0 ? { mutate: files } : {}),
}).runMutationTest()

const fileOf = ({ fileName }: Result): string => relative(process.cwd(), fileName).replaceAll('\\', '/')

// As they were when the run began: somebody may have gone on working on them.
const { files: sources } = JSON.parse(readFileSync('coverage/mutation/report.json', 'utf8'))

/** The line that a change begins on, or one above it, without its indentation. */
function lineOf(result: Result, above = 0): string | undefined {
  const lines: string[] = sources[fileOf(result)].source.split('\n')
  return lines[result.location.start.line - 1 - above]?.trim()
}

function isOf({ file, line, below, becomes }: Survivor, result: Result): boolean {
  if (file !== fileOf(result) || line !== lineOf(result)) return false
  if (below !== undefined && below !== lineOf(result, 1)) return false
  return becomes === undefined || becomes.includes(result.replacement ?? '')
}

const isListed = (result: Result): boolean => survivors.some((survivor) => isOf(survivor, result))

/** A loop without an end is caught by the clock; but a busy machine is slow too, which must not make a listed survivor outdated. */
function isCaught(result: Result): boolean {
  return result.status === 'Killed' || (result.status === 'Timeout' && !isListed(result))
}

const tested = results.filter(({ status }) => /^(Killed|Timeout|Survived|NoCoverage)$/.test(status))
const missed = tested.filter((result) => !isCaught(result))
const unlisted = missed.filter((result) => !isListed(result))
const names = [...new Set(tested.map(fileOf))].sort()
const areWhole = files.every((file) => !file.includes(':'))
const outdated = survivors.filter(
  (survivor) => areWhole && names.includes(survivor.file) && !missed.some((result) => isOf(survivor, result)),
)

const percent = (part: number, all: number): string => `${((100 * part) / all).toFixed(1)} %`

console.log('| file | mutants | caught | score | survive, and why is listed | survive |')
console.log('|---|---|---|---|---|---|')
for (const name of [...names, null]) {
  const isOfFile = (result: Result): boolean => name === null || fileOf(result) === name
  const all = tested.filter(isOfFile)
  const caught = all.filter(isCaught).length
  const left = unlisted.filter(isOfFile).length
  const row = [
    name ?? '**all**',
    all.length,
    caught,
    percent(caught, all.length),
    all.length - caught - left,
    left,
  ]
  console.log(`| ${row.join(' | ')} |`)
}
for (const result of unlisted) {
  const { line, column } = result.location.start
  console.log(`${fileOf(result)}:${line}:${column} survives as ${result.replacement}\n  ${lineOf(result)}`)
}
for (const { file, line } of outdated) {
  console.log(`${file}: no change of this line survives any more; take it out of survivors.ts\n  ${line}`)
}
console.log(`${((performance.now() - start) / 60_000).toFixed(1)} min`)
process.exitCode = unlisted.length + outdated.length > 0 ? 1 : 0
