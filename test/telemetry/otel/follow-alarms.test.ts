import type { AlarmEvent } from 'nolater'
import { describe, expect, it } from 'vitest'
import { type BusyActor, followAlarms, type OpenDelivery } from '../../../src/telemetry/otel/follow-alarms.ts'

type Delivery = 'delivery-arrived' | 'delivery-run' | 'delivery-done' | 'delivery-failed'

const delivery = (kind: Delivery, scheduledTime: number, at = scheduledTime): AlarmEvent =>
  ({ kind, key: 'tea', at, scheduledTime, retryCount: 0, deletes: true, error: null }) as AlarmEvent

function follow() {
  const actors = new Set<BusyActor>()
  const lost: OpenDelivery[] = []
  let seen: BusyActor | undefined
  const told: (OpenDelivery | undefined)[] = []
  const tell = (_: AlarmEvent, actor?: BusyActor, of?: OpenDelivery): void => {
    seen = actor
    told.push(of)
  }
  const story = followAlarms({
    tell: { 'delivery-arrived': tell, 'delivery-run': tell, 'delivery-done': tell, 'delivery-failed': tell },
    begin: (actor) => actors.add(actor),
    lose: (of) => lost.push(of),
    end: (actor) => actors.delete(actor),
  })
  return { story, actors, lost, told, open: () => seen?.deliveries.length ?? 0 }
}

describe('what is kept of the deliveries of an actor', () => {
  it('is bounded, though nothing tells of those that are cancelled while they wait', () => {
    const { story, lost, open } = follow()
    for (let time = 1; time <= 1000; time++) story.next(delivery('delivery-arrived', time))
    expect(open()).toBe(8)
    expect(lost).toHaveLength(992)
    expect(lost.map(({ scheduledTime }) => scheduledTime)).toEqual(lost.map((_, i) => i + 1))
  })

  it('is the newer one of two that wait for the same, so that no wait is measured from one that was cancelled', () => {
    const { story, lost, told } = follow()
    story.next(delivery('delivery-arrived', 5, 5))
    story.next(delivery('delivery-arrived', 5, 905))
    story.next(delivery('delivery-run', 5, 907))
    expect(lost).toMatchObject([{ arrivedAt: 5 }])
    expect(told.at(-1)).toMatchObject({ arrivedAt: 905, runAt: 907 })
  })

  it('tells one that waits from one that runs for the same', () => {
    const { story, actors, lost, told } = follow()
    story.next(delivery('delivery-arrived', 5, 5))
    story.next(delivery('delivery-run', 5, 6))
    story.next(delivery('delivery-arrived', 5, 7))
    story.next(delivery('delivery-done', 5, 8))
    expect(told.at(-1)).toMatchObject({ arrivedAt: 5 })
    story.next(delivery('delivery-run', 5, 8))
    story.next(delivery('delivery-failed', 5, 9))
    expect(told.at(-1)).toMatchObject({ arrivedAt: 7, runAt: 8 })
    expect(lost).toEqual([])
    expect(actors.size).toBe(0)
  })

  it('is nothing where none was seen to arrive', () => {
    const { story, actors, told } = follow()
    story.next(delivery('delivery-run', 5))
    story.next(delivery('delivery-done', 5))
    expect(told).toEqual([undefined, undefined])
    expect(actors.size).toBe(0)
  })

  it('ends once for each actor, however it ends', () => {
    const ended: string[] = []
    const story = followAlarms({ tell: {}, end: ({ key }) => ended.push(key) })
    for (const key of ['tea', 'milk', 'honey'])
      story.next({ kind: 'touched', key, at: 1, unconfirmed: false })
    story.next({ kind: 'drained', key: 'milk', at: 2, time: null, caughtUp: true })
    story.next({ kind: 'commit-failed', key: 'honey', at: 2, time: 5, took: 1, error: null })
    story.close()
    story.close()
    expect(ended).toEqual(['milk', 'honey', 'tea'])
  })
})
