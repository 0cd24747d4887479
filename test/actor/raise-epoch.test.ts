import { EMPTY, type ObservableInput, of, throwError } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import {
  type Alarm,
  type AlarmConfig,
  type AlarmEvent,
  AlarmFencedError,
  type KeyedWrite,
  memoryManager,
  openAlarm,
  openFleet,
} from '../../src/index.ts'
import { SEQUENCES as EPOCH } from '../../src/vocabulary/fence.ts'
import { settled } from '../manager-contract.ts'
import { virtualClock } from '../virtual-clock.ts'

const HOUR = 3_600_000

/** A store of one actor, as a well-behaved one is: the epoch of the last opening owns it. */
function makeStore(epoch = 0) {
  const store = { epoch, raised: 0, time: null as number | null }
  return {
    store,
    open() {
      store.epoch = Math.max(store.epoch, store.raised) + 1
      store.raised = 0
      const { epoch: mine } = store
      const own = <T>(work: () => ObservableInput<T>): ObservableInput<T> =>
        store.epoch === mine ? work() : throwError(() => new AlarmFencedError('a', mine))
      const raise = vi.fn((least: number) =>
        own(() => {
          store.raised = least
          return of(least)
        }),
      )
      return {
        epoch: mine,
        initial: store.time,
        raise,
        commit: (time: number | null) =>
          own(() => {
            store.time = time
            return EMPTY
          }),
      }
    },
  }
}

function rig(held = 5 * EPOCH + 3) {
  const clock = virtualClock()
  const manager = memoryManager({ scheduler: clock })
  const t0 = clock.now()
  manager.write('a', t0 + HOUR, { key: 'a', move: 'later', fence: held, attempt: 1 }).subscribe()
  const { store, open } = makeStore()
  const write = vi.fn<AlarmConfig['write']>((time, info) => manager.write('a', time, info))
  return {
    clock,
    t0,
    manager,
    store,
    write,
    open(options: Partial<AlarmConfig> = {}) {
      const opened = open()
      const events: AlarmEvent[] = []
      const alarm = openAlarm({ key: 'a', reconcile: false, write, scheduler: clock, ...opened, ...options })
      let failure: unknown = null
      alarm.events$.subscribe({
        next: (event) => events.push(event),
        error: (error) => {
          failure = error
        },
      })
      return { ...opened, alarm, events, failure: () => failure, kinds: () => events.map(({ kind }) => kind) }
    },
  }
}

const fencesOf = (write: { mock: { calls: readonly (readonly unknown[])[] } }) =>
  write.mock.calls.map(([, info]) => (info as { fence: number }).fence)

describe('a store that is older than its manager', () => {
  it('raises its epoch above the fence that the manager holds, and goes on', () => {
    const { manager, store, write, open, t0 } = rig()
    const { alarm, raise, events, failure } = open()
    alarm.set(t0 + 5)
    expect(failure()).toBeNull()
    expect(raise.mock.calls).toEqual([[6, { key: 'a', epoch: 1 }]])
    expect(fencesOf(write)).toEqual([EPOCH + 1, 6 * EPOCH + 1])
    expect([store.time, manager.get('a')]).toEqual([t0 + 5, t0 + 5])
    expect(events.filter(({ kind }) => kind === 'epoch-raised')).toEqual([
      expect.objectContaining({ held: 5 * EPOCH + 3, epoch: 6, fence: 6 * EPOCH + 1 }),
    ])
    expect(events.find(({ kind }) => kind === 'write-acknowledged')).toMatchObject({ fence: 6 * EPOCH + 1 })
    alarm.set(t0 + 9)
    expect(fencesOf(write).at(-1)).toBe(6 * EPOCH + 2)
    expect(manager.get('a')).toBe(t0 + 9)
  })

  it('does so with the write that an opening owes, and with a later move', () => {
    for (const early of [true, false]) {
      const { manager, store, open, t0 } = rig()
      store.time = t0 + HOUR
      const { alarm, failure, kinds } = open({ reconcile: early })
      if (!early) alarm.set(t0 + 2 * HOUR)
      expect(failure()).toBeNull()
      expect(kinds().filter((kind) => kind === 'epoch-raised')).toHaveLength(early ? 0 : 1) // before anything could hear
      expect(manager.get('a')).toBe(early ? t0 + HOUR : t0 + 2 * HOUR)
    }
  })

  it('does so once per opening: another fence above it is another owner', () => {
    const { manager, open, t0 } = rig()
    const raiseAgain = 9 * EPOCH
    const { alarm, raise, failure } = open()
    alarm.set(t0 + 5)
    manager.write('a', t0 + HOUR, { key: 'a', move: 'later', fence: raiseAgain, attempt: 1 }).subscribe()
    expect(() => alarm.set(t0 + 4)).toThrow(
      expect.objectContaining({ code: 'ALARM_FENCED', held: raiseAgain }),
    )
    expect(failure()).toMatchObject({ code: 'ALARM_FENCED' })
    expect(raise).toHaveBeenCalledTimes(1)
    expect(manager.get('a')).toBe(t0 + HOUR)
  })

  it('does not do so once it was opened again: it is what stays out', () => {
    const { manager, open, t0 } = rig()
    const zombie = open()
    const owner = open()
    owner.alarm.set(t0 + 7)
    expect(() => zombie.alarm.set(t0 + 5)).toThrow(expect.objectContaining({ code: 'ALARM_FENCED' }))
    expect(zombie.raise).toHaveBeenCalledTimes(1)
    expect(zombie.kinds()).not.toContain('epoch-raised')
    expect(manager.get('a')).toBe(t0 + 7)
    owner.alarm.set(t0 + 6)
    expect(manager.get('a')).toBe(t0 + 6)
  })

  it('is above what it raised when it is opened again', () => {
    const { open, t0, write, manager } = rig()
    open().alarm.set(t0 + 5)
    const again = open()
    expect(again.epoch).toBe(7)
    again.alarm.set(t0 + 4)
    expect(again.raise).not.toHaveBeenCalled()
    expect(fencesOf(write).at(-1)).toBe(7 * EPOCH + 1)
    expect(manager.get('a')).toBe(t0 + 4)
  })

  it.each([
    ['is far above all that it can have given out', (2 ** 26 + 2) * EPOCH],
    ['leaves no epoch above it', 2 ** 53 - 1],
    ['is no number', Number.NaN],
    ['is not said', undefined],
  ])('stays out where the fence held %s', (_, held) => {
    const { open, t0 } = rig()
    const write = () => throwError(() => new AlarmFencedError('a', 1, held))
    const { alarm, raise } = open({ write })
    expect(() => alarm.set(t0 + 5)).toThrow(expect.objectContaining({ code: 'ALARM_FENCED' }))
    expect(raise).not.toHaveBeenCalled()
  })

  it('stays out where the store cannot raise its epoch', () => {
    const { open, t0 } = rig()
    const { alarm } = open({ raise: undefined } as never)
    expect(() => alarm.set(t0 + 5)).toThrow(expect.objectContaining({ code: 'ALARM_FENCED' }))
  })

  it.each<[string, () => ObservableInput<number>, string]>([
    ['too low an epoch', () => of(5), 'ALARM_RETURN_INVALID'],
    ['no epoch', () => EMPTY as never, 'ALARM_RETURN_INVALID'],
    ['something else', () => of('6') as never, 'ALARM_RETURN_INVALID'],
  ])('commits nothing where raise emits %s', (_, raise, code) => {
    const { open, store, t0, manager } = rig()
    const { alarm } = open({ raise })
    expect(() => alarm.set(t0 + 5)).toThrow(
      expect.objectContaining({ code: 'ALARM_PRECOMMIT_FAILED', cause: expect.objectContaining({ code }) }),
    )
    expect([store.time, manager.get('a')]).toEqual([null, t0 + HOUR])
  })

  it('tries a later move again where the store fails to raise its epoch', async () => {
    const { open, store, t0, manager, clock } = rig()
    store.time = t0 + HOUR
    let isBroken = true
    const { alarm, kinds } = open({
      raise: (least) => (isBroken ? throwError(() => new Error('full')) : of(least)),
    })
    alarm.set(t0 + 2 * HOUR)
    expect(kinds()).toContain('write-retried')
    isBroken = false
    await clock.advance(1_000)
    expect(manager.get('a')).toBe(t0 + 2 * HOUR)
  })

  it('delivers: what it is woken for is put right, or run', async () => {
    const { open, store, t0, manager, clock } = rig()
    store.time = t0 + HOUR
    const { alarm, failure } = open()
    const ran: number[] = []
    manager
      .deliveries((delivery) =>
        alarm.deliver(delivery, ({ scheduledTime }) => {
          ran.push(scheduledTime)
          if (ran.length === 1) alarm.set(t0 + 2 * HOUR)
          return EMPTY
        }),
      )
      .subscribe()
    await clock.advance(2 * HOUR)
    expect(failure()).toBeNull()
    expect(ran).toEqual([t0 + HOUR, t0 + 2 * HOUR])
    expect([store.time, manager.get('a')]).toEqual([null, null])
  })

  it('does so in a fleet, with single writes and with many at a time', async () => {
    for (const isMany of [true, false]) {
      const { clock, t0, manager } = rig()
      const { open } = makeStore()
      let current = open()
      const events: { kind: string }[] = []
      const fleet = openFleet({
        load: () => {
          current = open()
          return of({ time: current.initial, epoch: current.epoch })
        },
        commit: (time) => current.commit(time),
        raise: (least) => current.raise(least),
        write: (time, info) => manager.write(info.key, time, info),
        ...(isMany && {
          writeMany: async (writes: readonly KeyedWrite[]) => {
            const answers = writes.map(({ key, time, info }) => settled(manager.write(key, time, info)))
            return (await Promise.all(answers)).map((answer) =>
              answer === 'done' ? null : (answer as Error),
            )
          },
        }),
        scheduler: clock,
      })
      fleet.events$.subscribe((event) => events.push(event))
      const alarm: Pick<Alarm, 'set' | 'drained'> = fleet.actor('a')
      alarm.set(t0 + 5)
      const drained = settled(alarm.drained())
      await clock.advance(1)
      expect(await drained).toBe('a value')
      expect(events.map(({ kind }) => kind)).toContain('epoch-raised')
      expect(manager.get('a')).toBe(t0 + 5)
      fleet.close()
    }
  })

  it('stays out of a manager of a store of its own that kept the epochs of the former split, unless it can raise them', () => {
    for (const raises of [true, false]) {
      const { open, store, t0, manager } = rig(500 * 2 ** 28 + 12)
      store.epoch = 500
      const { alarm, raise } = open(raises ? {} : ({ raise: undefined } as never))
      if (raises) {
        alarm.set(t0 + 5)
        expect(raise.mock.calls[0]![0]).toBe(500 * 64 + 1)
        expect(manager.get('a')).toBe(t0 + 5)
      } else {
        expect(() => alarm.set(t0 + 5)).toThrow(expect.objectContaining({ code: 'ALARM_FENCED' }))
      }
    }
  })

  it('refuses a raise that is no function', () => {
    const { open } = rig()
    expect(() => open({ raise: 5 as never })).toThrow(
      expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }),
    )
  })
})

describe('an opening that has used the writes of its epoch', () => {
  const USED = EPOCH - 1
  const used = (alarm: Alarm, n: number): void => void Object.assign(alarm, { issued: n, acked: n })

  it('takes another one from its store, and goes on without a gap', () => {
    const { open, store, t0, write, manager } = rig(0)
    const { alarm, raise, events } = open()
    used(alarm, USED - 1)
    alarm.set(t0 + 9)
    expect(raise).not.toHaveBeenCalled()
    alarm.set(t0 + 8)
    expect(raise.mock.calls).toEqual([[2, { key: 'a', epoch: 1 }]])
    alarm.set(t0 + 7)
    expect(raise).toHaveBeenCalledTimes(1)
    expect(fencesOf(write)).toEqual([EPOCH + USED, 2 * EPOCH, 2 * EPOCH + 1])
    expect([store.time, manager.get('a')]).toEqual([t0 + 7, t0 + 7])
    expect(events.filter(({ kind }) => kind === 'epoch-added')).toEqual([
      expect.objectContaining({ epoch: 2 }),
    ])
    used(alarm, 2 * EPOCH - 1)
    alarm.set(t0 + 6)
    expect(raise.mock.calls[1]).toEqual([3, { key: 'a', epoch: 1 }])
    expect(fencesOf(write).at(-1)).toBe(3 * EPOCH)
    const again = open()
    expect(again.epoch).toBe(4)
    again.alarm.set(t0 + 5)
    expect(fencesOf(write).at(-1)).toBe(4 * EPOCH + 1)
  })

  it('takes it early with a later move, which holds nothing up', () => {
    const { open, store, t0, write } = rig(0)
    store.time = t0
    const { alarm, raise } = open()
    used(alarm, EPOCH / 2 - 2)
    alarm.set(t0 + 8)
    expect(raise).not.toHaveBeenCalled()
    alarm.set(t0 + 9)
    expect(raise.mock.calls).toEqual([[2, { key: 'a', epoch: 1 }]])
    alarm.set(t0 + 10)
    expect(raise).toHaveBeenCalledTimes(1)
    expect(fencesOf(write)).toEqual([EPOCH + EPOCH / 2 - 1, EPOCH + EPOCH / 2, EPOCH + EPOCH / 2 + 1])
  })

  it('goes on where it cannot have it early, and breaks where it needs it and cannot', () => {
    const { open, store, t0, manager, write } = rig(0)
    store.time = t0
    const { alarm, failure } = open({ raise: () => throwError(() => new Error('full')) })
    used(alarm, EPOCH / 2)
    alarm.set(t0 + 9)
    expect([failure(), manager.get('a')]).toEqual([null, t0 + 9])
    used(alarm, USED)
    expect(() => alarm.set(t0 + 5)).toThrow(expect.objectContaining({ code: 'ALARM_PRECOMMIT_FAILED' }))
    expect(write).toHaveBeenCalledTimes(1)
    expect([store.time, manager.get('a')]).toEqual([t0 + 9, t0 + 9])
  })

  it('knows a delivery of a write from before by its fence', async () => {
    const { open, t0, manager, clock, store } = rig(0)
    const { alarm } = open()
    used(alarm, USED - 1)
    alarm.set(t0 + HOUR)
    used(alarm, USED)
    const ran: number[] = []
    const answered = settled(
      alarm.deliver({ scheduledTime: t0 + HOUR, retryCount: 0, fence: EPOCH + USED }, () => {
        ran.push(alarm.time ?? -1)
        return EMPTY
      }),
    )
    await clock.advance(1)
    expect(await answered).toBe('a value')
    expect([ran, store.time]).toEqual([[-1], null])
    expect(manager.get('a')).toBe(t0 + HOUR) // the answer is the deletion
  })

  it('is fenced where it was opened again meanwhile', () => {
    const { open, t0, manager } = rig(0)
    const zombie = open()
    used(zombie.alarm, USED)
    const owner = open()
    owner.alarm.set(t0 + 7)
    expect(() => zombie.alarm.set(t0 + 5)).toThrow(expect.objectContaining({ code: 'ALARM_FENCED' }))
    expect(manager.get('a')).toBe(t0 + 7)
  })

  it('breaks without a raise, and a fleet opens it again', () => {
    const { manager, store, t0, clock } = rig(0)
    const { open } = makeStore()
    let opened = 0
    const fleet = openFleet({
      load: () => {
        const { epoch, initial } = open()
        opened = epoch
        return of({ time: initial, epoch })
      },
      commit: () => EMPTY,
      write: (time, info) => manager.write(info.key, time, info),
      scheduler: clock,
    })
    const actor = fleet.actor('a')
    actor.set(t0 + 9)
    const resident = (actor as unknown as { engine: { find(key: string): Alarm } }).engine.find('a')
    used(resident, USED)
    expect(() => actor.set(t0 + 8)).toThrow(expect.objectContaining({ code: 'ALARM_FENCE_EXHAUSTED' }))
    actor.set(t0 + 8)
    expect([opened, manager.get('a'), store.time]).toEqual([2, t0 + 8, null])
    fleet.close()
  })
})
