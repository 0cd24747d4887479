import { describe, expect, it } from 'vitest'
import { loadPatched } from './patch-engine.ts'
import { exploreRaises } from './raises.ts'

const restored = { epoch: 2, time: 4 }
const deleted = { epoch: 0, time: null }

describe('two owners of one store, whose manager remembers a higher fence', { timeout: 60_000 }, () => {
  it.each([
    { how: 'restored', store: restored, held: 5 },
    { how: 'deleted', store: deleted, held: 5, sets: 2 as const },
    { how: 'deleted, and one epoch behind', store: deleted, held: 1 },
    { how: 'as it was', store: restored, held: 2 },
  ])('never both win, and the newest is not shut out: $how', ({ store, held, sets }) => {
    const { fault, states } = exploreRaises({ store, held, sets })
    expect(fault).toBeNull()
    expect(states).toBeGreaterThan(100)
  })

  it('never make the manager later by what they remember of an alarm that it gives up', () => {
    const { fault, states } = exploreRaises({ store: { epoch: 2, time: 5 }, held: 2, gives: 2 })
    expect(fault).toBeNull()
    expect(states).toBeGreaterThan(1_000)
  })

  it('do so where one answers that is not the owner any more, which is caught', async () => {
    const patch = {
      file: 'actor/delivery/abandon.ts',
      find: 'if (isOfAnother(keeper, delivered)) throw unproven(keeper, time)',
      put: '',
    }
    const { fault } = exploreRaises({
      store: { epoch: 2, time: 5 },
      held: 2,
      gives: 1,
      openAlarm: await loadPatched([patch]),
    })
    expect(fault).toMatch(/^the manager is later than the store may be/)
  })

  it('both win where a raise does not ask the store, which is caught', () => {
    const { fault } = exploreRaises({ store: restored, held: 5, asksStore: false })
    expect(fault).toMatch(/^the manager takes a write of an older owner after one of the newest/)
  })

  it('are shut out where the engine never raises, which is caught', async () => {
    const patch = {
      file: 'actor/calls.ts',
      find: 'const mayRaise = config.raise !== undefined',
      put: 'const mayRaise = false',
    }
    const { fault } = exploreRaises({ store: restored, held: 5, openAlarm: await loadPatched([patch]) })
    expect(fault).toMatch(/^the owner is shut out/)
  })
})
