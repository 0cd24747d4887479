import { type AlarmEvent, openFleet } from 'nolater'
import { EMPTY, Subscriber } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'

const instant = {
  commit: () => EMPTY,
  write: () => EMPTY,
  load: () => [{ time: null, epoch: 1 }],
  reconcile: false,
}

describe('the events of one actor of a fleet', () => {
  /** How many notifications one set of each of so many actors takes, all of which have a listener. */
  function callsFor(actors: number): number {
    const fleet = openFleet(instant)
    const heard: string[] = []
    const handles = Array.from({ length: actors }, (_, i) => fleet.actor(`${i}`))
    handles.forEach((handle, i) => {
      handle.events$.subscribe(({ key }) => heard.push(`${i} ${key}`))
    })
    const next = vi.spyOn(Subscriber.prototype, 'next')
    for (const handle of handles) handle.set(5)
    const calls = next.mock.calls.length
    next.mockRestore()
    expect(heard.length).toBeGreaterThanOrEqual(actors)
    expect(heard.every((said) => said.split(' ')[0] === said.split(' ')[1])).toBe(true)
    return calls
  }

  it('cost the same however many others have listeners', () => {
    const few = callsFor(100)
    expect(callsFor(1_000)).toBe(10 * few)
  })

  it('begin with the first listener and end with the last, of each actor by itself', () => {
    const fleet = openFleet(instant)
    const [a, b] = [fleet.actor('a'), fleet.actor('b')]
    const heard: AlarmEvent[] = []
    const kinds = (): string[] => heard.splice(0).map(({ key, kind }) => `${key} ${kind}`)
    const first = a.events$.subscribe((event) => heard.push(event))
    const second = b.events$.subscribe((event) => heard.push(event))
    a.set(5)
    b.set(5)
    expect(new Set(kinds().map((said) => said[0]))).toEqual(new Set(['a', 'b']))
    first.unsubscribe()
    a.set(6)
    expect(kinds()).toEqual([])
    second.unsubscribe()
    b.set(6)
    expect(kinds()).toEqual([])
    a.events$.subscribe((event) => heard.push(event))
    a.set(7)
    expect(kinds()).toContain('a intent')
  })

  it('complete when their actor is closed, and all of them with the fleet', async () => {
    const fleet = openFleet(instant)
    const ended: string[] = []
    for (const key of ['a', 'b']) {
      const actor = fleet.actor(key)
      actor.set(5)
      actor.events$.subscribe({ complete: () => ended.push(key) })
    }
    fleet.actor('a').close()
    expect(ended).toEqual(['a'])
    await fleet.close()
    expect(ended).toEqual(['a', 'b'])
  })
})
