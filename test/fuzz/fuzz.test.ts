import { expect, it } from 'vitest'
import { madeUp } from './made-up.ts'
import { printProgramme, readProgramme } from './programme.ts'
import { runProgramme } from './run-programme.ts'
import { shrink } from './shrink.ts'

const { FUZZ_SEED = '1', FUZZ_RUNS = '100' } = process.env

it('programmes made up at random find no fault', { timeout: 600_000 }, async () => {
  const first = Number(FUZZ_SEED)
  for (let seed = first; seed < first + Number(FUZZ_RUNS); seed++) {
    const outcome = await runProgramme(madeUp(seed))
    if (outcome.faults.length === 0) continue
    const { faults, programme } = await shrink(outcome)
    expect.fail(`${faults.join('\n')}\n  npm run fuzz -- --replay "${printProgramme(programme)}"`)
  }
  expect(printProgramme(madeUp(first))).toBe(printProgramme(madeUp(first)))
})

it('a programme is printed as the line that replays it', () => {
  const programme = madeUp(3)
  expect(readProgramme(printProgramme(programme))).toEqual(programme)
})

it('what cannot be read is refused', async () => {
  expect(() => readProgramme('colour=red')).toThrow('"colour" is no setting')
  const { faults } = await runProgramme(readProgramme('jump'))
  expect(faults[0]).toContain('"jump" is nothing that can happen')
})
