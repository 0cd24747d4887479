import { describe, expect, it } from 'vitest'
import { openActivity } from '../../src/ledger/activity.ts'
import { reportActivity } from '../../src/postgres/report-activity.ts'
import { virtualClock } from '../virtual-clock.ts'

function stage() {
  const clock = virtualClock()
  const activity = openActivity(() => clock.now())
  const entered: string[] = []
  const entering = Promise.withResolvers<void>()
  const reporting = reportActivity('a', activity, clock, {
    async seen() {
      await entering.promise
      entered.push('seen')
    },
    async gone({ holder }, past) {
      entered.push(`${holder} gone, ${past.length}`)
    },
  })
  return { clock, activity, entered, entering, reporting }
}

describe('a report of deliveries on PostgreSQL', () => {
  it('is not entered after the end of them, which would say that they go on', async () => {
    const { clock, activity, entered, entering, reporting } = stage()
    activity.fired(1)
    await clock.advance(0)
    const ended = reporting.end()
    await clock.advance(5_000)
    entering.resolve()
    await ended
    expect(entered).toEqual(['seen', 'a gone, 1'])
    expect(clock.pending()).toBe(0)
  })

  it('ends also where it could not be entered', async () => {
    const { clock, entered, entering, reporting } = stage()
    await clock.advance(0)
    entering.reject(new Error('the database is away'))
    await reporting.end()
    expect(entered).toEqual(['a gone, 0'])
  })
})
