import { type AlarmManager, memoryManager } from 'nolater'
import { describeManager, type ManagerFactory } from 'nolater/vitest'
import { catchError, concat, defer, EMPTY, map, tap, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { cases, runCase } from '../../src/vitest/manager/cases.ts'
import { newFile, newManager } from '../sqlite/files.ts'

const inMemory: ManagerFactory = ({ clock, lease }) => ({
  manager: memoryManager({ scheduler: clock, lease }),
})

describeManager('memoryManager', inMemory, {
  cannot: { reopen: 'it forgets with its process', another: 'its memory is its own' },
})

describeManager(
  'sqliteManager',
  ({ clock, lease }) => {
    const options = { file: newFile(), scheduler: clock, lease, pollInterval: 10_000 }
    const manager = newManager(options)
    return {
      manager,
      reopen() {
        manager.close()
        return newManager(options)
      },
      another: () => newManager({ ...options, pollInterval: 1_000 }),
    }
  },
  { late: 1_000 },
)

/** Titles of the tests that a manager fails, of those that need no restart. */
async function failing(factory: ManagerFactory): Promise<string[]> {
  const titles: string[] = []
  const own = Object.values(cases)
    .flat()
    .filter(({ needs = [] }) => !needs.includes('reopen') && !needs.includes('another'))
  for (const each of own) {
    try {
      await runCase(each, factory, {})
    } catch {
      titles.push(each.title)
    }
  }
  return titles
}

const broken =
  (breakIt: (manager: AlarmManager) => Partial<AlarmManager>): ManagerFactory =>
  (context) => {
    const manager = memoryManager({ scheduler: context.clock, lease: context.lease })
    return { manager: { ...manager, ...breakIt(manager) } }
  }

const forgotten = [
  'delivers no more what it gave up without an abandon, and emits given-up with the last error',
  'still holds it: the very alarm written once more is no new one',
]

describe('describeManager', () => {
  it('has nothing against one that keeps its promises', async () => {
    expect(await failing(inMemory)).toEqual([])
  })

  it('fails one that forgets what it gave up, though it says otherwise', async () => {
    const lastError = { name: 'RangeError', message: 'the handler fails for good', at: 1_000_000 }
    const titles = await failing(
      broken((manager) => ({
        deliveries: (handler, options) =>
          manager
            .deliveries(handler, { abandon: () => [null], ...options })
            .pipe(
              map((event) =>
                event.kind === 'abandoned' && options?.abandon === undefined
                  ? { ...event, kind: 'given-up', lastError }
                  : event,
              ),
            ),
      })),
    )
    expect(titles).toContain('still holds it: the very alarm written once more is no new one')
    expect(titles).toContain(
      'delivers it again when it is retried, under its fence only, with all its retries',
    )
  })

  it('fails one without a fence', async () => {
    let fence = 0
    const titles = await failing(
      broken((manager) => ({
        write: (key, time, info) => manager.write(key, time, { ...info, fence: ++fence }),
      })),
    )
    expect(titles).toContain(
      'refuses a write below the fence that it holds with ALARM_FENCED, and changes nothing',
    )
    expect(titles).toContain('keeps the fence of a removal, also where no alarm was')
    expect(titles).toContain('keeps the fence of an alarm that was delivered')
  })

  it.each([
    ['32 bits with a sign', (fence: number) => fence | 0],
    ['32 bits', (fence: number) => fence >>> 0],
    ['a float of 32 bits', Math.fround],
    ['what 52 bits hold', (fence: number) => Math.floor(fence / 2) * 2],
    ['31 bits, and no more than that', (fence: number) => Math.min(fence, 2 ** 31 - 1)],
  ])('fails one that keeps fences in %s', async (_, kept) => {
    const titles = await failing(
      broken((manager) => ({
        write: (key, time, info) => manager.write(key, time, { ...info, fence: kept(info.fence) }),
      })),
    )
    expect(titles).toContain('tells fences apart up to 2^53, however far one is above the last')
  })

  it('fails one that forgets the fence with the alarm', async () => {
    const titles = await failing(({ clock }) => {
      // A removal goes to another manager, so that nothing of it is left here.
      const managers = new Map<string, AlarmManager>()
      const first = memoryManager({ scheduler: clock })
      return {
        manager: {
          deliveries: first.deliveries,
          write(key, time, info) {
            const manager = managers.get(key) ?? first
            if (time === null) managers.set(key, memoryManager({ scheduler: clock }))
            return manager.write(key, time, info)
          },
        },
      }
    })
    expect(titles).toContain('keeps the fence of a removal, also where no alarm was')
  })

  it('fails one that comes early', async () => {
    const titles = await failing(
      broken((manager) => ({
        write: (key, time, info) => manager.write(key, time === null ? null : Math.max(0, time - 1), info),
        deliveries: (handler, options) =>
          manager.deliveries(
            (delivery) => handler({ ...delivery, scheduledTime: delivery.scheduledTime + 1 }),
            options,
          ),
      })),
    )
    expect(titles).toContain('is never early')
    expect(titles).toContain('is not early when the clock steps back')
  })

  it('fails one whose done removes whatever alarm there is', async () => {
    const titles = await failing(
      broken((manager) => {
        const fences = new Map<string, number>()
        return {
          write(key, time, info) {
            fences.set(key, Math.max(info.fence, fences.get(key) ?? 0))
            return manager.write(key, time, info)
          },
          deliveries: (handler, options) =>
            manager.deliveries(
              (delivery) =>
                concat(
                  defer(() => handler(delivery)),
                  defer(() => {
                    const { key } = delivery
                    return manager.write(key, null, {
                      key,
                      move: 'later',
                      fence: fences.get(key)!,
                      attempt: 1,
                    })
                  }),
                ),
              options,
            ),
        }
      }),
    )
    expect(titles).toContain(
      'delivers an alarm that was set during its handler, at its own time: done is guarded by the fence',
    )
    expect(titles).toContain('delivers again an alarm that its handler set to the very same time')
  })

  it('fails one that delivers at most once', async () => {
    const titles = await failing(
      broken((manager) => ({
        deliveries: (handler, options) =>
          manager.deliveries(
            (delivery) =>
              new Promise((resolve) =>
                defer(() => handler(delivery)).subscribe({ error: resolve, complete: () => resolve(0) }),
              ),
            options,
          ),
      })),
    )
    expect(titles).toContain('tries 6 times more, each rest twice as long, then gives the alarm up')
    expect(titles).toContain('stops its handlers and gives their alarms back when it is unsubscribed')
    expect(titles).toContain('gives an alarm up at once on retry: false, and asks abandon what stands')
  })

  it('fails one that takes a write that arrives again for a newer one', async () => {
    const WRITES = 1_000
    const titles = await failing(
      broken((manager) => {
        let writes = 0
        return {
          write: (key, time, info) =>
            manager.write(key, time, { ...info, fence: info.fence * WRITES + ++writes }),
          deliveries: (handler, options) =>
            manager.deliveries(
              (delivery) => handler({ ...delivery, fence: Math.floor(delivery.fence / WRITES) }),
              options,
            ),
        }
      }),
    )
    expect(titles).toEqual([
      'tells fences apart up to 2^53, however far one is above the last',
      'does not revive an alarm that is done, given up or removed',
      'keeps the failures and the back-off of an alarm whose write arrives again',
      ...forgotten,
      'delivers it again when it is retried, under its fence only, with all its retries',
      'removes it when it is discarded, under its fence only, and keeps the fence',
      'says of each alarm how it stands',
      'delivers a failed alarm again at the time it is given, never before its own, and under its fence only',
      'reschedules once more what was rescheduled to the wrong time, or retries it, under its fence only',
    ])
  })

  it('fails one to which a time that was delivered once is done for ever', async () => {
    const titles = await failing(
      broken((manager) => {
        const done = new Map<string, number>()
        return {
          write: (key, time, info) =>
            time !== null && done.get(key) === time ? EMPTY : manager.write(key, time, info),
          deliveries: (handler, options) =>
            manager
              .deliveries(handler, options)
              .pipe(tap(({ kind, key, scheduledTime }) => kind === 'done' && done.set(key, scheduledTime))),
        }
      }),
    )
    expect(titles).toContain('does not revive an alarm that is done, given up or removed')
    expect(titles).toContain('sets an alarm written with move: same where it holds another time, or none')
  })

  it('fails one to which the same alarm, written once more, is a new one', async () => {
    const titles = await failing(
      broken((manager) => ({
        write: (key, time, info) =>
          manager.write(key, time, { ...info, move: info.move === 'same' ? 'later' : info.move }),
      })),
    )
    expect(titles).toEqual([
      'keeps the failures and the back-off of an alarm written once more under a higher fence: move: same',
      'counts the failure of a handler whose actor opened for it, and wrote its alarm once more',
      'tells by the id which alarm it is, if it delivers one: the same on a retry, and under a higher fence',
      'still holds it: the very alarm written once more is no new one',
      'keeps it as failed when the alarm was written once more during its last run',
      'delivers a failed alarm again at the time it is given, never before its own, and under its fence only',
      'reschedules once more what was rescheduled to the wrong time, or retries it, under its fence only',
    ])
  })

  it('fails one that does not look at the time of the same alarm', async () => {
    const titles = await failing(
      broken((manager) => ({
        write: (key, time, info) => (info.move === 'same' ? EMPTY : manager.write(key, time, info)),
      })),
    )
    expect(titles).toContain('sets an alarm written with move: same where it holds another time, or none')
    expect(titles).toContain(
      'keeps the failures and the back-off of an alarm written once more under a higher fence: move: same',
    )
  })

  it('fails one that retries for ever what does not count, however hopeless', async () => {
    const titles = await failing(
      broken((manager) => ({
        deliveries: (handler, options) =>
          manager.deliveries(
            (delivery) =>
              defer(() => handler(delivery)).pipe(
                catchError((error) =>
                  throwError(() => (error?.counted === false ? { counted: false } : error)),
                ),
              ),
            options,
          ),
      })),
    )
    expect(titles).toEqual(['gives an alarm up at once on retry: false, with counted: false too'])
  })

  it.each<[string, (manager: AlarmManager) => Partial<AlarmManager>, string[]]>([
    [
      'that does not pause',
      () => ({ pause: async () => true }),
      [
        'does not deliver what is paused, by its key or the beginning of it, until it is resumed',
        'pauses all, those that have been written and those that will be, and changes none',
        'goes on with a handler at work that is paused, and with its retry when it is resumed',
      ],
    ],
    [
      'that pauses all where one was meant',
      (manager) => ({ pause: () => manager.pause!() }),
      [
        'does not deliver what is paused, by its key or the beginning of it, until it is resumed',
        'goes on with a handler at work that is paused, and with its retry when it is resumed',
      ],
    ],
    [
      'that retries at once what is to be rescheduled',
      (manager) => ({ reschedule: (key, _, guard) => manager.retry!(key, guard) }),
      [
        'delivers a failed alarm again at the time it is given, never before its own, and under its fence only',
        'reschedules once more what was rescheduled to the wrong time, or retries it, under its fence only',
      ],
    ],
    [
      'to which a rescheduled alarm is any that waits',
      (manager) => ({
        async reschedule(key, time, guard) {
          for await (const { state } of manager.list!({ key })) if (state === 'pending') return false
          return manager.reschedule!(key, time, guard)
        },
      }),
      ['reschedules once more what was rescheduled to the wrong time, or retries it, under its fence only'],
    ],
    [
      'that says it is drained, and is not',
      () => ({ drain: async () => {} }),
      ['takes nothing more when it is drained, waits for the handlers at work, and completes'],
    ],
    [
      'that counts what is pending only',
      (manager) => ({
        stats: async () => {
          const stats = await manager.stats!()
          return { ...stats, counts: { ...stats.counts, due: 0, failed: 0 } }
        },
      }),
      [
        'does not deliver what is paused, by its key or the beginning of it, until it is resumed',
        'counts what is held, and what was done in the last minute',
      ],
    ],
  ])('fails one %s', async (_, breakIt, expected) => {
    expect(await failing(broken(breakIt))).toEqual(expected)
  })

  it('gives a short lease in real time to what waits for its end, and to nothing else: a busy machine would end it too', async () => {
    const leases = new Map<boolean, Set<number>>()
    for (const each of Object.values(cases).flat()) {
      const factory: ManagerFactory = ({ lease }) => {
        const isShort = each.needs?.includes('lease') === true
        leases.set(isShort, (leases.get(isShort) ?? new Set()).add(lease))
        throw new Error('not run')
      }
      await expect(runCase(each, factory, { time: 'real' })).rejects.toThrow('not run')
    }
    expect(leases).toEqual(
      new Map([
        [true, new Set([1_000])],
        [false, new Set([60_000])],
      ]),
    )
  })

  it('runs in real time too, by the clock of the manager', async () => {
    const neverEarly = cases['a delivery']!.find(({ title }) => title === 'is never early')!
    const ahead = 3_600_000 // a server in another time zone that thinks it is UTC
    const factory =
      (early: number): ManagerFactory =>
      () => {
        const manager = newManager({ pollInterval: 50 })
        return {
          now: () => Date.now() + ahead,
          manager: {
            write: (key, time, info) => manager.write(key, time === null ? null : time - ahead - early, info),
            deliveries: (handler, options) =>
              manager.deliveries(
                (delivery) => handler({ ...delivery, scheduledTime: delivery.scheduledTime + ahead + early }),
                options,
              ),
          },
        }
      }
    await runCase(neverEarly, factory(0), { time: 'real' })
    await expect(runCase(neverEarly, factory(100), { time: 'real' })).rejects.toThrow(/ms early/)
  })
})
