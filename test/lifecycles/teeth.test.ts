import { describe, expect, it } from 'vitest'
import { mutants } from '../explore/mutants.ts'
import { loadPatched } from '../explore/patch-engine.ts'
import { randomLifecycles } from './random-lifecycles.ts'

// One of each kind; `npm run lifecycles -- --mutants` tries them all.
const some = [
  'commit before precommit',
  'parked value (workerd #7330)',
  'the manager does not look at the fence of a deletion',
  'the same time again is no move, though its delivery has begun',
  'an alarm that is not settled is given up',
  'an alarm is given up while a handler runs',
  'the gate opens for what was asked during the commit',
]

describe('random lifecycles catch', () => {
  it.each(some)('%s', async (name) => {
    const { patches = [], world = {} } = mutants.find((mutant) => mutant.name === name)!
    const { failure } = randomLifecycles({
      openAlarm: await loadPatched(patches),
      world,
      seed: 1,
      runs: 1000,
    })
    expect(failure?.fault).toBeTypeOf('string')
    expect(failure?.commands).toBeLessThan(15)
  })
})
