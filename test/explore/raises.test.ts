import { describe, expect, it } from 'vitest'
import { loadPatched } from './patch-engine.ts'
import { exploreRaises } from './raises.ts'

const restored = { epoch: 2, time: 4 }
const deleted = { epoch: 0, time: null }
const empty = { epoch: 2, time: null }

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

  it('never make the manager later by what they remember, when it delivers an alarm or gives it up', () => {
    const { fault, states } = exploreRaises({ store: empty, held: 2, asked: 1 })
    expect(fault).toBeNull()
    expect(states).toBeGreaterThan(4_000)
  })

  it.each([
    ['actor/delivery/abandon.ts', 'if (isOfAnother(keeper, delivered)) throw unproven(keeper, time)', ''],
    ['actor/delivery/deliver.ts', 'this.reschedule(arming.reschedule)', 'this.subscriber.next({} as never)'],
  ])(
    'do so where one that was replaced answers from memory, which is caught: %s',
    async (file, find, put) => {
      const openAlarm = await loadPatched([{ file, find, put }])
      const { fault } = exploreRaises({ store: empty, held: 2, asked: 1, openAlarm })
      expect(fault).toMatch(/^the manager is later than the store may be/)
    },
  )

  it('both win where a raise does not ask the store, which is caught', () => {
    const { fault } = exploreRaises({ store: restored, held: 5, asksStore: false })
    expect(fault).toMatch(/^the manager takes a write of an older owner after one of the newest/)
  })

  it('are shut out where the engine never raises, which is caught', async () => {
    const patch = {
      file: 'actor/calls.ts',
      find: 'if (alarm.config.raise === undefined) return this.withFence(write.fence)',
      put: 'return this.withFence(write.fence)',
    }
    const { fault } = exploreRaises({ store: restored, held: 5, openAlarm: await loadPatched([patch]) })
    expect(fault).toMatch(/^the owner is shut out/)
  })
})
