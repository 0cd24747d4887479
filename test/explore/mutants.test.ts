import { describe, expect, it } from 'vitest'
import { catchMutant } from './catch-mutant.ts'
import { mutants } from './mutants.ts'
import { loadPatched } from './patch-engine.ts'

describe('the explorer catches', () => {
  it.each(mutants)('$name', { timeout: 300_000 }, async (mutant) => {
    const { violation } = await catchMutant(mutant)
    expect(violation?.fault).toBeTypeOf('string')
    expect(violation?.diagram).toContain('manager')
  })
})

describe('a patch', () => {
  it('must find its text', async () => {
    const patch = { file: 'actor/rules.ts', find: 'no such text', put: '' }
    await expect(loadPatched([patch])).rejects.toThrow('rules.ts has 0 places')
  })

  it('must find it once', async () => {
    const patch = { file: 'actor/rules.ts', find: 'return', put: '' }
    await expect(loadPatched([patch])).rejects.toThrow(/rules.ts has \d+ places/)
  })

  it('is all that makes the difference', async () => {
    const openAlarm = await loadPatched([])
    const alarm = openAlarm({ initial: 5, reconcile: false, commit: () => [], write: () => [] })
    alarm.set(3)
    expect(alarm.time).toBe(3)
  })
})
