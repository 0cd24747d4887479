import { asyncScheduler } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it, vi } from 'vitest'
import { AlarmFencedError, openAlarm } from '../../src/index.ts'
import { fakeManager, fakeStore } from '../../src/marbles/index.ts'

const run = <T>(act: (flush: () => void, scheduler: TestScheduler) => T): T => {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
  return scheduler.run(({ flush }) => act(flush, scheduler))
}
const info = (fence: number, key = '') => ({ key, fence, move: 'later', attempt: 1 }) as const

describe('fakeManager', () => {
  it('holds what it has acknowledged, with its fence', () => {
    run((flush) => {
      const manager = fakeManager('.|', { alarm: 1 })
      manager.write(5, info(1)).subscribe()
      expect(manager.heldFor()).toEqual({ time: 1, fence: 0 })
      flush()
      expect(manager.heldFor()).toEqual({ time: 5, fence: 1 })
      expect(manager.calls).toMatchObject([{ at: 0, time: 5, info: { fence: 1 }, outcome: 'acknowledged' }])
    })
  })

  it('refuses what is below its fence, and keeps the fence of a delete', () => {
    run((flush, scheduler) => {
      const manager = fakeManager('|')
      manager.write(null, info(7)).subscribe()
      flush()
      scheduler
        .expectObservable(manager.write(5, info(6)))
        .toBe('--#', undefined, new AlarmFencedError('', 6, 7))
      flush()
      expect(manager.heldFor()).toEqual({ time: null, fence: 7 })
      expect(manager.calls[1]).toMatchObject({ outcome: 'fenced', marks: [{ at: 2, marks: '/' }] })
    })
  })

  it('refuses what lands late, without a word', () => {
    run((flush) => {
      const manager = fakeManager('#~~+ (|)')
      const errors: unknown[] = []
      manager.write(5, info(1)).subscribe({ error: (error) => errors.push(error) })
      manager.write(3, info(1, 'other')).subscribe()
      flush()
      expect(manager.heldFor()).toEqual({ time: 5, fence: 1 })

      const late = fakeManager('#~~+ (|)')
      late.write(5, info(1)).subscribe({ error: () => late.write(3, info(2)).subscribe() })
      flush()
      expect(late.heldFor()).toEqual({ time: 3, fence: 2 })
      expect(late.calls[0]?.marks.at(-1)?.marks).toBe('/')
      expect(errors).toHaveLength(1)
    })
  })

  it('removes a delivered alarm when it is answered, unless a newer write stands', () => {
    run((flush) => {
      const manager = fakeManager('|', { alarm: 5 })
      const wakeup = manager.wakeup()!
      expect(wakeup).toEqual({ scheduledTime: 5, fence: 0, id: '0-5' })
      manager.write(9, info(1)).subscribe()
      flush()
      manager.done(wakeup)
      expect(manager.heldFor().time).toBe(9)
      manager.done(manager.wakeup()!)
      expect(manager.heldFor()).toEqual({ time: null, fence: 1 })
      expect(manager.wakeup()).toBe(null)
    })
  })

  it('fails the test when two writes of one key are under way', () => {
    expect(() =>
      run((flush) => {
        const manager = fakeManager('...')
        manager.write(5, info(1)).subscribe()
        manager.write(5, info(1, 'other')).subscribe()
        flush()
        manager.write(6, info(2)).subscribe()
        flush()
      }),
    ).toThrow('write: the call at 0 with 6 begins while the call at 0 with 5 is pending')
  })

  it('fails the test when a started write is cancelled and the next one begins: switchMap over the write', () => {
    expect(() =>
      run((flush) => {
        const manager = fakeManager('...')
        manager.write(5, info(1)).subscribe().unsubscribe()
        manager.write(6, info(2)).subscribe()
        flush()
      }),
    ).toThrow('write: the call at 0 with 6 begins while the call at 0 with 5 is unsubscribed')
  })

  it.each([
    ['lets one follow a write that was given up at its limit', 3, 3, null],
    ['complains about one that was left before its limit', 2, 3, 'is unsubscribed'],
    ['complains about one that was left after its limit', 4, 3, 'is unsubscribed'],
  ])('%s', (_, left, timeout, complaint) => {
    const play = (): void =>
      run((flush, scheduler) => {
        const manager = fakeManager('.....+ (|)', { timeout })
        const first = manager.write(5, info(1)).subscribe()
        scheduler.schedule(() => {
          first.unsubscribe()
          manager.write(6, info(2)).subscribe()
        }, left)
        flush()
        expect(manager.heldFor()).toEqual({ time: 6, fence: 2 }) // what lands late is refused
      })
    if (complaint === null) play()
    else expect(play).toThrow(complaint)
  })

  it('lets another incarnation write after one that died', () => {
    run((flush) => {
      const manager = fakeManager('... (|)')
      manager.write(5, info(1)).subscribe().unsubscribe()
      manager.write(6, info(2 ** 22 + 1)).subscribe()
      flush()
      expect(manager.heldFor().time).toBe(6)
    })
  })

  describe('with a store', () => {
    const faultsOf = (
      act: (
        store: ReturnType<typeof fakeStore>,
        manager: ReturnType<typeof fakeManager>,
        flush: () => void,
      ) => void,
      alarms: [number | null, number | null] = [5, 5],
    ): string[] =>
      run((flush) => {
        const faults: string[] = []
        const fault = (message: string) => faults.push(message)
        const store = fakeStore('.|', { alarm: alarms[0], fault })
        act(store, fakeManager('.|', { alarm: alarms[1], store, fault }), flush)
        return faults
      })
    const late = (held: number | string, stored: number) => [
      `The manager holds ${held} while the store may hold ${stored}: the alarm would be late or lost`,
    ]

    it('fails the test when it is later', () => {
      const writing = (time: number | null) =>
        faultsOf((_, manager, flush) => {
          manager.write(time, info(1)).subscribe()
          flush()
        })
      expect(writing(6)).toEqual(late(6, 5))
      expect(writing(null)).toEqual(late('none', 5))
      expect(faultsOf((_, manager) => manager.done({ fence: 0 }))).toEqual(late('none', 5))
    })

    it('fails the test as soon as a commit that may be applied is issued too early', () => {
      expect(faultsOf((store) => store.commit(3, { key: '', epoch: 0 }).subscribe())).toEqual(late(5, 3))
    })

    it('says nothing of an early one', () => {
      expect(
        faultsOf((store, manager, flush) => {
          manager.write(3, info(1)).subscribe()
          flush()
          store.commit(3, { key: '', epoch: 0 }).subscribe()
          flush()
          store.commit(null, { key: '', epoch: 0 }).subscribe()
          flush()
        }),
      ).toEqual([])
    })

    it('says nothing of one that is later from the start, until it has been put right', () => {
      const acts = (times: (number | null)[]) =>
        faultsOf(
          (_, manager, flush) => {
            for (const [i, time] of times.entries()) {
              manager.write(time, info(i + 1)).subscribe()
              flush()
            }
          },
          [5, null],
        )
      expect(acts([9, 5])).toEqual([])
      expect(acts([5, 9])).toEqual(late(9, 5))
    })

    it('is what a first test of an actor needs', () => {
      run((flush) => {
        const store = fakeStore('.|')
        const manager = fakeManager('.# .|', { store })
        const alarm = openAlarm({ commit: store.commit, write: manager.write, initial: null })
        alarm.set(60_000)
        flush()
        expect(manager.heldFor().time).toBe(store.alarmOf())
      })
    })
  })

  it('takes no offence at a real clock that ticks between a call and its subscription', () => {
    const faults: string[] = []
    const now = vi.spyOn(asyncScheduler, 'now').mockReturnValue(1)
    const manager = fakeManager('|', { fault: (message) => faults.push(message) })
    const write$ = manager.write(5, { key: '', move: 'earlier', fence: 1, attempt: 1 })
    now.mockReturnValue(2)
    write$.subscribe()
    now.mockRestore()
    expect(faults).toEqual([])
  })
})
