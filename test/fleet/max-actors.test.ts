import { getHeapStatistics } from 'node:v8'
import { Subject } from 'rxjs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { mostActors } from '../../src/fleet/most-actors.ts'
import type { Resident } from '../../src/fleet/resident.ts'
import { openSweep } from '../../src/fleet/sweep.ts'
import { virtualClock } from '../virtual-clock.ts'
import { outcome, rig } from './rig.ts'

const full = expect.objectContaining({ code: 'ALARM_FLEET_FULL', counted: false })

describe('a fleet with maxActors', () => {
  it('drops an idle actor for a new one, and loads it again when it is used', () => {
    const { actor, fleet, told, stored } = rig({ config: { maxActors: 2 } })
    for (const key of ['a', 'b', 'c']) actor(key).set(5)
    expect([told('dropped'), fleet.pressure.actors]).toEqual([['a dropped'], 2])
    expect(actor('a').time).toBe(5)
    expect([told('opened').at(-1), stored.get('a')?.epoch, fleet.pressure.actors]).toEqual(['a opened', 2, 2])
  })

  it('rather one that was not used for a while', async () => {
    const { actor, clock, told } = rig({ config: { maxActors: 3, idleAfter: 100 } })
    for (const key of ['a', 'b', 'c']) actor(key).set(5)
    await clock.advance(100)
    actor('a').touch()
    actor('b').touch()
    actor('d').set(5)
    expect(told('dropped')).toEqual(['c dropped'])
  })

  it('drops none that has something to do, and refuses what needs one more, before anything was done', () => {
    const { actor, fleet, told, answer, calls } = rig({ asks: ['write'], config: { maxActors: 2 } })
    for (const key of ['a', 'b']) actor(key).set(5)
    expect(() => actor('c').set(5)).toThrow(full)
    const delivery = outcome(
      fleet.deliver({ key: 'c', scheduledTime: 5, fence: 1, retryCount: 0, id: '1' }, () => []),
    )
    expect([delivery.error, told('dropped'), fleet.pressure.actors]).toEqual([full, [], 2])
    expect(calls.filter(({ key }) => key === 'c')).toEqual([])
    answer('write', 'a')
    actor('c').set(5)
    expect([told('dropped'), fleet.pressure.actors]).toEqual([['a dropped'], 2])
  })

  it('keeps one actor of a key, and no more than there may be, whatever is asked as one is dropped', () => {
    const { actor, fleet, calls } = rig({ asks: ['load'], config: { maxActors: 1 } })
    actor('a').set(5)
    calls[0]!.done()
    let isFirst = true
    fleet.events$.subscribe(({ kind }) => {
      if (kind === 'dropped' && isFirst) actor('x').set(6)
      isFirst &&= kind !== 'dropped'
    })
    actor('x').set(7)
    const loaded = calls.filter(({ name }) => name === 'load').map(({ key }) => key)
    expect([loaded, fleet.pressure.actors]).toEqual([['a', 'x'], 1])
  })

  it('has room for what has changed, whatever else is at work: it must not be lost', () => {
    const changed$ = new Subject<string>()
    const { actor, fleet, told, answer, stored } = rig({
      asks: ['commit'],
      config: { maxActors: 1, changed$ },
    })
    actor('a').touch()
    changed$.next('b')
    actor('b').delete()
    expect([told('refused'), fleet.pressure.actors]).toEqual([[], 2])
    answer('commit', 'b')
    expect(stored.get('b')?.epoch).toBe(1)
  })

  it('drops nothing for a bad key', () => {
    const { actor, fleet, told } = rig({ config: { maxActors: 1 } })
    actor('a').set(5)
    expect(outcome(fleet.abandon('\ud800', 5)).end).toBe('ALARM_KEY_INVALID')
    expect([told('dropped'), fleet.pressure.actors]).toEqual([[], 1])
  })

  it('takes the place of a broken actor, and opens a broken one in its own', () => {
    const { actor, fleet, refuse, asks } = rig({ asks: ['commit'], config: { maxActors: 1 } })
    actor('a').set(5)
    refuse('commit')
    asks.clear()
    actor('b').set(5)
    expect([fleet.pressure.actors, actor('b').time]).toEqual([1, 5])
  })

  it('looks at each actor once, and then at one for each that it drops, where all were used a moment ago', () => {
    const { cost, add } = crowd(1000, null)
    let looked = 0
    for (let i = 0; i < 1000; i++) {
      const [hasRoom, looks] = cost()
      looked += looks
      expect(hasRoom).toBe(true)
      add(`new ${i}`, null)
    }
    expect(looked).toBeLessThanOrEqual(3000)
  })

  it('has no hand on its actors while there is room: V8 keeps all that a map has held since for one that rests', () => {
    const { actors, cost, add } = crowd(9, null, 10)
    const values = vi.spyOn(actors, 'values')
    cost()
    expect(values).toHaveBeenCalledTimes(0)
    add('tenth', null)
    cost()
    const { length } = values.mock.calls
    cost() // there is room
    add('eleventh', null)
    cost()
    expect(values.mock.calls.length).toBeGreaterThan(length)
  })

  it('looks at a few only, once it has looked at all in vain', () => {
    const { actors, sweep, cost, add } = crowd(1000, {})
    expect([cost(), cost(), cost()]).toEqual([
      [false, 2000],
      [false, 64],
      [false, 64],
    ])
    actors.delete('0')
    add('idle', null)
    let refused = 0
    while (!sweep.makeRoom()) refused++
    expect([refused, actors.has('idle')]).toEqual([13, false])
  })
})

/** As many actors as there may be, all used in the same round, and what it costs to make room for one more. */
function crowd(many: number, work: object | null, maxActors = many) {
  let looks = 0
  const actors = new Map<string, Resident>()
  const limits = { idleAfter: 100, maxActors }
  const sweep = openSweep(actors, limits, virtualClock(), ({ key }) => actors.delete(key))
  const add = (key: string, work: object | null): void => {
    const actor = {
      key,
      seen: 0,
      get work() {
        looks++
        return work
      },
    } as unknown as Resident
    sweep.use(actor)
    actors.set(key, actor)
  }
  for (let i = 0; i < many; i++) add(`${i}`, work)
  const cost = (): [boolean, number] => {
    looks = 0
    return [sweep.makeRoom(), looks]
  }
  return { actors, sweep, add, cost }
}

describe('the default', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it('is one for each 4 KB of the heap', () => {
    expect(mostActors()).toBe(Math.ceil(getHeapStatistics().heap_size_limit / 4096))
  })

  it('is no limit where the platform does not say how large the heap may be, or says what is not so', () => {
    const { getBuiltinModule } = process
    for (const process of [
      undefined,
      { versions: { bun: '1.3.0' }, getBuiltinModule },
      {},
      { getBuiltinModule: () => undefined },
      { getBuiltinModule: () => ({}) },
    ]) {
      vi.stubGlobal('process', process)
      expect(mostActors()).toBe(Infinity)
    }
  })
})
