import { EMPTY, of, Subject, throwError } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { type FleetConfig, type KeyedEvent, openFleet } from '../../src/index.ts'
import { settled } from '../manager-contract.ts'
import { virtualClock } from '../virtual-clock.ts'

const down = () => throwError(() => new Error('the manager is down'))

function rig(config: Partial<FleetConfig> = {}) {
  const clock = virtualClock()
  let epoch = 0
  const load = vi.fn(() => of({ time: null, epoch: ++epoch }))
  const events: KeyedEvent[] = []
  const state = { write: down as () => typeof EMPTY }
  const fleet = openFleet({
    load,
    commit: () => EMPTY,
    write: () => state.write(),
    reconcile: false,
    scheduler: clock,
    ...config,
  })
  fleet.events$.subscribe((event) => events.push(event))
  const at = clock.now() + 3_600_000
  const set = (key = 'a'): unknown => {
    try {
      fleet.actor(key).set(at)
      return null
    } catch (error) {
      return error
    }
  }
  return { clock, fleet, load, events, state, set, at }
}

describe('an actor that breaks again and again', () => {
  it('is loaded again at once, then after 1 s, doubling, a minute at most, however often it is asked', async () => {
    const { clock, load, events, set } = rig()
    const t0 = clock.elapsed()
    const loadedAt: number[] = []
    for (let ms = 0; ms < 200_000; ms += 100) {
      const before = load.mock.calls.length
      for (let i = 0; i < 5; i++) expect(set()).toMatchObject({ code: 'ALARM_PRECOMMIT_FAILED' })
      for (let n = before; n < load.mock.calls.length; n++) loadedAt.push((clock.elapsed() - t0) / 1000)
      await clock.advance(100)
    }
    expect(loadedAt).toEqual([0, 0, 1, 3, 7, 15, 31, 63, 123, 183])
    const delays = events.flatMap((event) => (event.kind === 'backing-off' ? [event.delay] : []))
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
  })

  it('refuses all that it is asked meanwhile with what broke it, a delivery uncounted', async () => {
    const { fleet, set, clock, at } = rig()
    set()
    const error = set()
    const alarm = fleet.actor('a')
    for (const ask of [() => alarm.set(at), () => alarm.delete(), () => alarm.touch(), () => alarm.time]) {
      expect(ask).toThrow(error as Error)
    }
    expect(await settled(alarm.confirmed())).toBe(error)
    const delivery = { key: 'a', scheduledTime: clock.now(), fence: 1, retryCount: 0 }
    expect(await settled(fleet.deliver(delivery, () => EMPTY))).toBe(error)
    expect(await settled(fleet.abandon('a', 1))).toBe(error)
    expect(error).toMatchObject({ counted: false })
    await fleet.close()
  })

  it('starts again at the beginning once a commit is durable', async () => {
    const { clock, set, state, load } = rig()
    set()
    set()
    await clock.advance(1_000)
    set()
    expect(load).toHaveBeenCalledTimes(3)
    await clock.advance(2_000)
    state.write = () => EMPTY
    expect(set()).toBeNull()
    expect(load).toHaveBeenCalledTimes(4)
    state.write = down
  })

  it('does not hold up the others', async () => {
    const { set, load } = rig()
    set('a')
    set('a')
    set('a')
    set('b')
    expect(load).toHaveBeenCalledTimes(3)
  })

  it('is asked no more often where it is the load that fails', async () => {
    let loads = 0
    const { clock, set } = rig({
      load: () => {
        loads++
        return throwError(() => new Error('the store is down'))
      },
    })
    for (let i = 0; i < 100; i++) expect(set()).toMatchObject({ code: 'ALARM_LOAD_FAILED' })
    expect(loads).toBe(2)
    await clock.advance(1_000)
    for (let i = 0; i < 100; i++) set()
    expect(loads).toBe(3)
  })

  it('does not begin again because its clock is set, or because it was dropped from memory', async () => {
    const { clock, set, load } = rig({ idleAfter: 10 })
    set()
    set()
    clock.step(3_600_000)
    await clock.advance(500)
    set()
    expect(load).toHaveBeenCalledTimes(2)
    await clock.advance(500)
    set()
    expect(load).toHaveBeenCalledTimes(3)
  })

  it('drops what changes its state meanwhile, which would go with a later commit', () => {
    const changed$ = new Subject<string>()
    const discard = vi.fn()
    const { set, events } = rig({ changed$, discard })
    set()
    set()
    discard.mockClear()
    changed$.next('a')
    expect(discard.mock.calls).toEqual([['a']])
    expect(events.at(-1)).toMatchObject({ kind: 'refused', error: { code: 'ALARM_PRECOMMIT_FAILED' } })
  })
})
