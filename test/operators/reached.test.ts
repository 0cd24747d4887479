import { EMPTY, NEVER, type Observable, of, Subject, takeUntil, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { type Alarm, type AlarmConfig, AlarmFencedError, openAlarm, openFleet } from '../../src/index.ts'
import { markReached, markSwallowed, reportUnlessReached, throwing } from '../../src/operators/reached.ts'
import { reportsOfFile } from '../reported.ts'

const reports = reportsOfFile()

describe('what breaks an alarm', () => {
  let fail = (): void => {}
  const broken = (options: Partial<AlarmConfig> = {}): Alarm => {
    const write$ = new Subject<never>()
    fail = () => write$.error(new Error('down'))
    const alarm = openAlarm({ commit: () => EMPTY, write: () => write$, reconcile: false, ...options })
    alarm.set(5)
    return alarm
  }

  it('is reported where nothing subscribes', async () => {
    broken()
    fail()
    expect(await reports()).toEqual(['ALARM_PRECOMMIT_FAILED'])
  })

  it('once, though it is thrown later at each use', async () => {
    const alarm = broken()
    fail()
    expect(await reports()).toEqual(['ALARM_PRECOMMIT_FAILED'])
    expect(() => alarm.set(6)).toThrow()
    expect(await reports()).toHaveLength(1)
  })

  it.each<[string, (alarm: Alarm) => void]>([
    ['events$', (alarm) => alarm.events$.subscribe({ error() {} })],
    ['confirmed', (alarm) => alarm.confirmed().subscribe({ error() {} })],
    ['drained', (alarm) => alarm.drained().subscribe({ error() {} })],
    ['await', (alarm) => alarm.drained().then(null, () => {})],
    [
      'a value at the gate',
      (alarm) =>
        of(1)
          .pipe(alarm.holdUntilConfirmed())
          .subscribe({ error() {} }),
    ],
  ])('is not where it reaches %s', async (_, subscribe) => {
    subscribe(broken())
    fail()
    expect(await reports()).toEqual([])
  })

  it('is, where those have left', async () => {
    const alarm = broken()
    const waits: Observable<unknown>[] = [alarm.events$, alarm.confirmed(), alarm.drained()]
    for (const wait of waits) {
      const reports = wait.subscribe({ error() {} })
      reports.unsubscribe()
    }
    fail()
    expect(await reports()).toEqual(['ALARM_PRECOMMIT_FAILED'])
  })

  it('is not where it reaches the delivery that is handled', async () => {
    const commit$ = new Subject<never>()
    const alarm = openAlarm({ initial: 5, commit: () => commit$, write: () => EMPTY, reconcile: false })
    const handler = new Subject<never>()
    const codes: string[] = []
    alarm.deliver({ scheduledTime: 5 }, () => handler).subscribe({ error: ({ code }) => codes.push(code) })
    alarm.set(9)
    commit$.error(new Error('down'))
    handler.complete()
    expect([codes, await reports()]).toEqual([['ALARM_COMMIT_FAILED'], []])
  })

  it.each<[string, (alarm: Alarm) => void]>([
    ['a wait', (alarm) => alarm.confirmed().subscribe({ error() {} })],
    [
      'a value at the gate',
      (alarm) =>
        of(1)
          .pipe(alarm.holdUntilConfirmed())
          .subscribe({ error() {} }),
    ],
    ['a read of the time', (alarm) => expect(() => alarm.time).toThrow()],
    ['a delivery', (alarm) => alarm.deliver({ scheduledTime: 5 }, () => EMPTY).subscribe({ error() {} })],
  ])('is not where it reaches %s of the same turn', async (_, subscribe) => {
    const alarm = broken()
    fail()
    subscribe(alarm)
    expect(await reports()).toEqual([])
  })

  it('is not where it is thrown', async () => {
    const alarm = openAlarm({
      commit: () => EMPTY,
      write: () => throwError(() => new Error('down')),
      reconcile: false,
    })
    expect(() => alarm.set(5)).toThrow()
    expect(await reports()).toEqual([])
  })

  it('is not once more, where it has reached a subscriber of another alarm that it breaks', async () => {
    const write$ = new Subject<never>()
    const [followed, alone] = [broken({ write: () => write$ }), broken({ write: () => write$ })]
    const codes: string[] = []
    followed.confirmed().subscribe({ error: ({ code }) => codes.push(code) })
    write$.error(new AlarmFencedError('', 1))
    expect([codes, await reports()]).toEqual([['ALARM_FENCED'], []])
    expect(() => alone.time).toThrow()
  })

  it('is nothing that a handler ends with which has ended its own delivery', async () => {
    const alarm = openAlarm({ initial: 5, commit: () => EMPTY, write: () => EMPTY, reconcile: false })
    const over$ = new Subject<void>()
    const handler = () => {
      over$.next()
      return throwError(() => new Error('late'))
    }
    alarm.deliver({ scheduledTime: 5 }, handler).pipe(takeUntil(over$)).subscribe()
    expect(await reports()).toEqual([])
  })

  it('is not where it was closed', async () => {
    broken().close()
    expect(await reports()).toEqual([])
  })

  it('is no later move that is given up: that is an event', async () => {
    const alarm = openAlarm({
      initial: 5,
      commit: () => EMPTY,
      write: () => throwError(() => new Error('down')),
      reconcile: false,
      retry: { count: 0 },
    })
    alarm.set(9)
    expect([alarm.time, await reports()]).toEqual([9, []])
  })
})

describe('what breaks the alarm of an actor of a fleet', () => {
  const refusing = {
    load: () => of({ time: null, epoch: 1 }),
    commit: () => EMPTY,
    write: () => Promise.reject(new Error('down')),
  }

  it('is reported where nothing subscribes', async () => {
    openFleet(refusing).actor('a').set(5)
    expect(await reports()).toEqual(['ALARM_PRECOMMIT_FAILED'])
  })

  it('also where it could not be loaded', async () => {
    openFleet({ ...refusing, load: () => Promise.reject(new Error('down')) })
      .actor('a')
      .set(5)
    expect(await reports()).toEqual(['ALARM_LOAD_FAILED'])
  })

  it('is not where it reaches the events of the fleet, or its own gate', async () => {
    const fleet = openFleet(refusing)
    const events = fleet.events$.subscribe()
    fleet.actor('a').set(5)
    expect(await reports()).toEqual([])
    events.unsubscribe()
    const other = openFleet(refusing)
    NEVER.pipe(other.actor('a').holdUntilConfirmed()).subscribe({ error() {} })
    other.actor('a').set(5)
    expect(await reports()).toEqual([])
  })

  it('is not where it is thrown', async () => {
    const fleet = openFleet({ ...refusing, write: () => throwError(() => new Error('down')) })
    expect(() => fleet.actor('a').set(5)).toThrow()
    expect(await reports()).toEqual([])
  })

  it('is not where it is the error of the close that loses it, of several, too', async () => {
    const fleet = openFleet(refusing)
    for (const key of ['a', 'b', 'c']) fleet.actor(key).set(5)
    await expect(fleet.close()).rejects.toMatchObject({ code: 'ALARM_CLOSE_FAILED' })
    expect(await reports()).toEqual([])
  })

  it('is a key of changed$ that none can have, and an error of changed$, too', async () => {
    const changed$ = new Subject<string>()
    openFleet({ ...refusing, changed$ })
    changed$.next('\ud800')
    changed$.error(new Error('no more changes'))
    expect(await reports()).toEqual(['ALARM_KEY_INVALID', 'no more changes'])
  })
})

describe('an error', () => {
  it.each<[string, unknown]>([
    ['an object', new Error('down')],
    ['a function', () => {}],
    [
      'a Proxy that throws',
      new Proxy(
        {},
        {
          getPrototypeOf() {
            throw new Error('trap')
          },
        },
      ),
    ],
    ['a text, which can be marked as nothing', 'down'],
    ['null', null],
  ])('is thrown, or reaches a subscriber, whatever it is: %s', async (_, error) => {
    markReached(error)
    expect(throwing(error) === error).toBe(true)
    reportUnlessReached(error)
    expect(await reports()).toHaveLength(typeof error === 'string' || error === null ? 1 : 0)
  })

  it('that was thrown and caught is reported', async () => {
    const error = throwing(new Error('down'))
    markSwallowed(error)
    reportUnlessReached(error)
    expect(await reports()).toEqual(['down'])
  })
})
