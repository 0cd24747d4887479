import { EMPTY, lastValueFrom, NEVER, of, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { type DeliveryEvent, memoryManager, openFleet } from '../../src/index.ts'
import { virtualClock } from '../virtual-clock.ts'
import { atRest, outcome, rig } from './rig.ts'

function stage(handler: () => typeof NEVER) {
  const clock = virtualClock()
  const manager = memoryManager({ scheduler: clock, lease: 30_000 })
  const fleet = openFleet({
    scheduler: clock,
    load: () => of({ time: null, epoch: 1 }),
    commit: () => EMPTY,
    write: (time, info) => manager.write(info.key, time, info),
  })
  const kinds: string[] = []
  const note = ({ kind, key }: DeliveryEvent): void => void kinds.push(`${key} ${kind}`)
  const work = manager.deliveries((delivery) => fleet.deliver(delivery, handler), { concurrency: 2 })
  return { clock, manager, fleet, kinds, work: work.subscribe(note) }
}

/** Actors whose alarms are set. */
function stored(options: Parameters<typeof rig>[0] = {}) {
  const made = rig(options)
  for (const key of ['a', 'b']) made.stored.set(key, { time: 5, epoch: 1 })
  return made
}

describe('the pressure of a fleet', () => {
  it('says that two handlers hang where there is room for two, and for how long', async () => {
    const { clock, manager, fleet, kinds, work } = stage(() => NEVER)
    for (const key of ['a', 'b', 'c']) fleet.actor(key).set(clock.now() + 1_000)
    await clock.advance(0)
    expect(fleet.pressure).toEqual({ ...atRest, actors: 3 })
    await clock.advance(1_000 + 29_000)
    expect(fleet.pressure).toEqual({ ...atRest, actors: 3, delivering: 2, deliveringFor: 29_000 })
    expect((await manager.stats()).counts).toMatchObject({ due: 1, delivering: 2 })
    await clock.advance(1_000)
    expect(kinds.slice(-4)).toEqual(['a expired', 'b expired', 'c delivered', 'a delivered'])
    expect(fleet.pressure).toMatchObject({ delivering: 2, deliveringFor: 0 })
    await clock.advance(10_000)
    expect(fleet.pressure).toMatchObject({ delivering: 2, deliveringFor: 10_000 })
    work.unsubscribe()
    expect(fleet.pressure).toMatchObject({ delivering: 0, deliveringFor: 0 })
  })

  it('goes by time that has passed, and not by a clock that was set', async () => {
    const { clock, fleet } = stage(() => NEVER)
    fleet.actor('a').set(clock.now())
    await clock.advance(5_000)
    clock.step(3_600_000)
    expect(fleet.pressure).toMatchObject({ delivering: 1, deliveringFor: 5_000 })
  })

  it('counts what waits for its actor: for its loading, or for the handler before', () => {
    const { actor, answer, fleet } = stored({ asks: ['load'] })
    let handled = 0
    const hang = () => {
      handled++
      return NEVER
    }
    outcome(actor('a').deliver({ scheduledTime: 5 }, hang))
    outcome(actor('a').deliver({ scheduledTime: 5 }, hang))
    expect(fleet.pressure).toMatchObject({ loading: 1, delivering: 2 })
    answer('load')
    expect(fleet.pressure).toMatchObject({ loading: 0, delivering: 2 })
    expect(handled).toBe(1)
  })

  it.each([
    ['succeeds', () => EMPTY],
    ['fails', () => throwError(() => new Error('no'))],
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
  ])('counts no delivery whose handler %s', async (_, handler) => {
    const { actor, fleet } = stored()
    await lastValueFrom(actor('a').deliver({ scheduledTime: 5 }, handler)).catch(() => {})
    expect(fleet.pressure).toEqual({ ...atRest, actors: 1 })
  })

  it('is that of the oldest: the others may come and go', async () => {
    const { actor, clock, fleet } = stored()
    const first = actor('a')
      .deliver({ scheduledTime: 5 }, () => NEVER)
      .subscribe({ error: () => {} })
    await clock.advance(10)
    const second = actor('b')
      .deliver({ scheduledTime: 5 }, () => NEVER)
      .subscribe({ error: () => {} })
    await clock.advance(10)
    expect(fleet.pressure).toMatchObject({ delivering: 2, deliveringFor: 20 })
    first.unsubscribe()
    expect(fleet.pressure).toMatchObject({ delivering: 1, deliveringFor: 10 })
    second.unsubscribe()
    expect(fleet.pressure).toMatchObject({ delivering: 0, deliveringFor: 0 })
  })

  it('is back at rest when the fleet is closed', async () => {
    const { actor, clock, fleet } = stored()
    outcome(actor('a').deliver({ scheduledTime: 5 }, () => NEVER))
    expect(fleet.pressure).toMatchObject({ delivering: 1 })
    const closed = fleet.close().catch(() => {})
    await clock.advance(5_000)
    await closed
    expect(fleet.pressure).toEqual(atRest)
  })
})
