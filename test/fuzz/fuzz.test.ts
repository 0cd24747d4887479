import { expect, it } from 'vitest'
import { madeUp } from './made-up.ts'
import { printProgramme, readProgramme } from './programme.ts'
import { runProgramme } from './run-programme.ts'
import { shrink } from './shrink.ts'

const { FUZZ_SEED = '1', FUZZ_RUNS = '50' } = process.env

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

// Long runs found them. Those that failed by a fault of the library stand in protections.ts.
it.each([
  'actor=fleet commit=promise a.run!giveup step60000 a.work1000',
  'actor=stores commit=5 a.set3600000 a.write!odd:error:errors a.set10000 a.work1000 a.send',
  'manager=sqlite write=5 +600000 c.write!odd:error:rejects step-1000 c.set5000 die +700 step-3600000',
  'actor=fleet a.run!set5000/40000 +600000 a.clock600000 +10000 a.commit!odd:error:overflow a.in0',
  'commit=700 reconcile=false a.run!giveup a.abandon!set0/ok a.work5000 a.write!odd:error:twice +600000',
  'c.run!set1000/40000 c.set0 c.commit!odd:error:thenThrows c.clock0',
  'write=700 a.send>set5000 a.send>set~0 a.delete a.send',
  '+60000 a.run!in700/40000 a.set3000 step1 fork',
  'commit=promise a.run!700 a.run!giveup a.abandon!set1000/ok a.set0 step-1000 close step60000 a.send',
  '+1000 a.set2000 die a.run!set10000/ok step1000 a.touch',
  'a.run!giveup a.abandon!700 +1000 +2000 a.commit!cut:3:0 a.set3000 a.set5000',
  'timeout=1000 heard=true a.run!set2000/ok a.commit!stuck:0 +60000 a.work60000 a.send +31000 a.clock5000 a.touch',
  'write=5 abandon=false a.set2000 a.run!giveup a.run!giveup +10000 a.set0 step60000 +700',
  'manager=sqlite abandon=false step1000 a.commit!slow:3:40000 +31000 a.set0 fork c.set60000 a.in0 a.run!giveup +600000',
])('what was no fault is judged as none: %s', async (programme) => {
  expect((await runProgramme(readProgramme(programme))).faults).toEqual([])
})

// The clock is set, and another process opens the file before the first one has found that.
it.each([
  'manager=sqlite b.run!40000 b.set0 step60000 fork',
  'manager=sqlite actor=stores b.run!40000 b.set0 +2000 step20000 fork',
])('a lease lasts as long as it lasts: %s', async (programme) => {
  expect((await runProgramme(readProgramme(programme))).faults).toEqual([])
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
