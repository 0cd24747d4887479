import { describe, expect, it } from 'vitest'
import { killObjects } from './campaign.ts'
import { canServe } from './serve-actors.ts'

describe.skipIf(!canServe())('Durable Objects in workerd, where it runs', () => {
  it('lose no timer and have none early, over kills', async () => {
    const { timers } = await killObjects(10, 3, ['timers'])
    expect(timers).toMatchObject({ lost: 0, stuck: 0, early: 0 })
    expect(timers.answered).toBeGreaterThan(10)
    expect(timers.fires).toBeGreaterThanOrEqual(timers.answered)
  }, 240_000)
})
