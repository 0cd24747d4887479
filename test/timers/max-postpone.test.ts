import { EMPTY, map, type Observable, of, Subject, tap } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import {
  type AlarmConfig,
  type AlarmIntent,
  deleteAlarm,
  keepAlarm,
  openAlarm,
  setAlarm,
} from '../../src/index.ts'
import { virtualClock } from '../../src/marbles/index.ts'
import {
  type MaxPostponeOptions,
  maxPostpone,
  type PostponedIntent,
  postpone,
} from '../../src/timers/max-postpone.ts'
import { obeysTheLaws, tornDown } from '../operators/laws.ts'

const none = { time: null, limit: null }

describe('postpone', () => {
  it('lets the first set of a series stand as it was asked for', () => {
    expect(postpone(none, 5, 12, 0)).toEqual({ time: 5, limit: 12 })
    expect(postpone(none, new Date(5), 12, 100)).toEqual({ time: 5, limit: 112 })
  })

  it('lets a first set that is later than its limit stand, and none after it be later', () => {
    expect(postpone(none, 90, 12, 0)).toEqual({ time: 90, limit: 90 })
    expect(postpone({ time: 90, limit: 90 }, 91, 12, 80)).toEqual({ time: 90, limit: 90 })
  })

  it('lets no series last longer because the clock was set back', () => {
    expect(postpone({ time: 1_008, limit: 1_012 }, 900, 12, 100)).toEqual({ time: 900, limit: 1_008 })
    expect(postpone({ time: 105, limit: 1_012 }, 900, 12, 100)).toEqual({ time: 112, limit: 112 })
  })

  it('forgets the limit of a series that has ended', () => {
    expect(postpone({ time: null, limit: 12 }, 25, 12, 20)).toEqual({ time: 25, limit: 32 })
  })

  it('moves the alarm earlier, and later up to the limit', () => {
    const standing = { time: 8, limit: 12 }
    expect(postpone(standing, 3, 12, 0)).toEqual({ time: 3, limit: 12 })
    expect(postpone(standing, 12, 12, 0)).toEqual({ time: 12, limit: 12 })
    expect(postpone(standing, 13, 12, 0)).toEqual({ time: 12, limit: 12 })
  })

  it('leaves an alarm that is due where it is: it is only late, not handled', () => {
    expect(postpone({ time: 12, limit: 12 }, 55, 12, 50)).toEqual({ time: 12, limit: 12 })
  })

  it('does not move an alarm later whose limit is not known, or is behind it', () => {
    expect(postpone({ time: 8, limit: null }, 20, 12, 0)).toEqual({ time: 8, limit: 8 })
    expect(postpone({ time: 8, limit: 6 }, 20, 12, 0)).toEqual({ time: 8, limit: 8 })
    expect(postpone({ time: 8, limit: null }, 7, 12, 0)).toEqual({ time: 7, limit: 8 })
  })

  it('never makes a limit that cannot be given back', () => {
    const { limit } = postpone(none, 5, Number.MAX_SAFE_INTEGER, 100)
    expect(() => maxPostpone(12, { initial: 5, limit })).not.toThrow()
    expect(limit).toBe(Number.MAX_SAFE_INTEGER)
  })

  it('makes whole numbers of a clock that does not', () => {
    expect(postpone(none, 5, 12, 0.7)).toEqual({ time: 5, limit: 12 })
  })

  it.each([0, -1, 1.5, Infinity, Number.NaN, undefined as unknown as number])('refuses %s ms', (ms) => {
    const refusal = expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' })
    expect(() => postpone(none, 5, ms, 0)).toThrow(refusal)
    expect(() => maxPostpone(ms)).toThrow(refusal)
  })

  it('refuses bad times', () => {
    const refusal = expect.objectContaining({ code: 'ALARM_TIME_INVALID' })
    expect(() => postpone(none, 1.5, 12, 0)).toThrow(refusal)
    expect(() => maxPostpone(12, { initial: -1 })).toThrow(refusal)
    expect(() => maxPostpone(12, { limit: 1.5 })).toThrow(refusal)
  })
})

describe('maxPostpone', () => {
  const times = { '7': 7, a: 10, d: 13, e: 14, f: 28, '3': 3, '9': 9, x: null as number | null }
  const timeOf = (intent: AlarmIntent): number | null => (intent.kind === 'set' ? intent.time : null)
  const run = (
    work: (rig: {
      touches: (marbles: string, options?: MaxPostponeOptions) => Observable<number | null>
      expectTimes: (
        times$: Observable<number | null>,
        unsubscribed?: string,
      ) => { toBe(marbles: string): void }
      expectSource: (marbles: string) => void
    }) => void,
  ): void => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
    scheduler.run(({ hot, expectObservable, expectSubscriptions }) => {
      let subscriptions: Parameters<typeof expectSubscriptions>[0] = []
      work({
        touches(marbles, options) {
          const touches = hot(marbles)
          subscriptions = touches.subscriptions
          return touches.pipe(
            map((touch) =>
              touch === 'x' ? deleteAlarm() : setAlarm(touch === 'n' ? 3 : scheduler.now() + 5),
            ),
            maxPostpone(12, { scheduler, ...options }),
            map(timeOf),
          )
        },
        expectTimes: (times$, unsubscribed) => ({
          toBe: (marbles) => expectObservable(times$, unsubscribed).toBe(marbles, times),
        }),
        expectSource: (marbles) => expectSubscriptions(subscriptions).toBe(marbles),
      })
    })
  }

  it('moves the alarm to the limit of its series and no further; a delete ends it', () => {
    run(({ touches, expectTimes, expectSource }) => {
      const times$ = touches('      --t--t--t--t--t-----x--t--|')
      expectTimes(times$).toBe('    --7--a--d--e--e-----x--f--|')
      expectSource('               ^-------------------------!')
    })
  })

  it('keeps the limit when the alarm is moved earlier within the series', () => {
    run(({ touches, expectTimes }) => {
      expectTimes(touches('--t--n--t--t--t--t--')).toBe('--7--3--d--e--e--e--')
    })
  })

  it('passes an error, and is unsubscribed, in the same frame', () => {
    run(({ touches, expectTimes, expectSource }) => {
      expectTimes(touches('--t--#')).toBe('--7--#')
      expectSource('       ^----!')
    })
    run(({ touches, expectTimes, expectSource }) => {
      expectTimes(touches('--t--t-'), '^---!').toBe('--7--')
      expectSource('       ^---!')
    })
  })

  it('goes on with the series that was stored', () => {
    run(({ touches, expectTimes }) => {
      expectTimes(touches('--t--t--', { initial: 6, limit: 9 })).toBe('--7--9--')
    })
  })

  it('does not make an alarm later that was stored without its limit', () => {
    run(({ touches, expectTimes }) => {
      expectTimes(touches('--t--x--t', { initial: 3 })).toBe('--3--x--d')
    })
  })

  it('keeps what an intent says beside its time, and tells the limit of the series', () => {
    const scheduler = virtualClock()
    const seen: PostponedIntent[] = []
    of(setAlarm(5, { allowUnconfirmed: true }), setAlarm(20), deleteAlarm({ allowUnconfirmed: true }))
      .pipe(maxPostpone(12, { scheduler }))
      .subscribe((intent) => seen.push(intent))
    expect(seen).toEqual([
      { kind: 'set', time: 5, allowUnconfirmed: true, limit: 12 },
      { kind: 'set', time: 12, limit: 12 },
      { kind: 'delete', allowUnconfirmed: true, limit: null },
    ])
  })

  it.each([
    [{ kind: 'set', time: 1.5 }, 'ALARM_TIME_INVALID'],
    [{ kind: 'later' }, 'ALARM_INTENT_INVALID'],
  ])('ends with a typed error on %o', (intent, code) => {
    let seen: unknown
    of(intent as AlarmIntent)
      .pipe(maxPostpone(12))
      .subscribe({ error: (error) => (seen = error.code) })
    expect(seen).toBe(code)
  })

  it('stands before keepAlarm: its limit is committed with the alarm, and survives hibernation at every touch', () => {
    const clock = virtualClock()
    const row: { alarm: number | null; limit: number | null } = { alarm: null, limit: null }
    let state = { ...row }
    const touchOnce = (): void => {
      const restarted = { ...row }
      state = { ...row }
      of(setAlarm(clock.now() + 5))
        .pipe(
          maxPostpone(12, { initial: restarted.alarm, limit: restarted.limit, scheduler: clock }),
          tap(({ limit }) => {
            state.limit = limit
          }),
          keepAlarm({
            initial: restarted.alarm,
            reconcile: false,
            scheduler: clock,
            commit(time) {
              Object.assign(row, state, { alarm: time })
              return EMPTY
            },
            write: () => EMPTY,
          }),
        )
        .subscribe()
    }
    const seen: unknown[] = []
    for (const at of [0, 4, 8, 12, 16]) {
      clock.advanceTo(at)
      touchOnce()
      seen.push({ ...row })
    }
    expect(seen.map((one) => (one as typeof row).alarm)).toEqual([5, 9, 12, 12, 12])
    expect(row.limit).toBe(12)
  })
})

obeysTheLaws<AlarmIntent, PostponedIntent>('maxPostpone', {
  value: setAlarm,
  about: (intent) => (intent.kind === 'set' ? intent.time : undefined),
  build: () => maxPostpone(1e9),
  sided: false,
  exempt: {
    [tornDown('completes')]: 'it is a map, which holds nothing that could stand in the way',
    [tornDown('fails')]: 'likewise',
  },
})

describe('postpone with a handle', () => {
  /** A draft that is saved five ms after the last edit, and twelve after the first at the latest. */
  function openDraft(config: AlarmConfig) {
    const alarm = openAlarm(config)
    const { scheduler } = config
    let limit: number | null = null
    return {
      alarm,
      edit() {
        const now = scheduler!.now()
        const next = postpone({ time: alarm.time, limit }, now + 5, 12, now)
        limit = next.limit
        alarm.set(next.time)
      },
    }
  }

  it('does not postpone an alarm that is due, until its handler has begun; that one begins a series', () => {
    const clock = virtualClock()
    const draft = openDraft({ scheduler: clock, commit: () => EMPTY, write: () => EMPTY })
    const { alarm } = draft
    const editAt = (time: number): number | null => {
      clock.advanceTo(time)
      draft.edit()
      return alarm.time
    }
    expect([0, 4, 8, 11, 15, 30].map(editAt)).toEqual([5, 9, 12, 12, 12, 12])

    const handler = new Subject<never>()
    alarm.deliver({ scheduledTime: 12 }, () => handler).subscribe()
    expect(alarm.time).toBe(null)
    expect([31, 35, 39, 43].map(editAt)).toEqual([36, 40, 43, 43])
    handler.complete()
    expect(alarm.time).toBe(43)
  })
})
