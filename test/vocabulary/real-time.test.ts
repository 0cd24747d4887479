import { asyncScheduler, lastValueFrom, of, type SchedulerLike, toArray } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { afterEach, describe, expect, it } from 'vitest'
import {
  type Alarm,
  keepAlarms,
  memoryManager,
  multiplexTimers,
  openFleet,
  setAlarm,
  setAlarmIn,
  type Timers,
} from '../../src/index.ts'
import { virtualClock } from '../../src/marbles/index.ts'
import { sqliteStore, sqliteStores } from '../../src/sqlite/index.ts'
import { timeCheckOf } from '../../src/vocabulary/real-time.ts'
import { open as openBare } from '../actor/bare-alarm.ts'
import { injectedClock } from '../injected-clock.ts'
import { newFile } from '../sqlite/files.ts'

const HALF_AN_HOUR = 30 * 60_000
const invalid = (message = '') =>
  expect.objectContaining({
    name: 'AlarmError',
    code: 'ALARM_TIME_INVALID',
    message: expect.stringContaining(message),
  })

let opened: { close(): unknown }[] = []
afterEach(() => {
  for (const one of opened.reverse()) one.close()
  opened = []
})
function kept<T extends { close(): unknown }>(one: T): T {
  opened.push(one)
  return one
}
const storeOf = (more = {}) =>
  kept(sqliteStore({ file: newFile(), key: 'a', manager: memoryManager(), ...more }))
const storesOf = () => kept(sqliteStores({ file: newFile(), manager: memoryManager() }))

function timersOn(alarm: Alarm, scheduler: SchedulerLike = asyncScheduler) {
  let state: Timers | undefined
  const timers = multiplexTimers({
    alarm,
    scheduler,
    load: () => state,
    save(next) {
      state = next
    },
  })
  return { timers, names: () => state?.list.map(({ name }) => name) }
}

/** The time is one that `setIn` gave between two looks at the clock. */
function expectIn(ms: number, setIn: () => void, time: () => number | null): void {
  const before = Date.now()
  setIn()
  expect(time()).toBeGreaterThanOrEqual(before + ms)
  expect(time()).toBeLessThanOrEqual(Date.now() + ms)
}

describe('a time on the machine’s clock', () => {
  const check = timeCheckOf(undefined)

  it.each([1, 5_000, HALF_AN_HOUR, 1_764_000_000, 1e11])('is not %s, as a number or a Date', (time) => {
    expect(() => check(time)).toThrow(invalid(`given ${time},`))
    expect(() => check(new Date(time))).toThrow(invalid(`given ${time},`))
    expect(() => timeCheckOf(asyncScheduler)(time)).toThrow(invalid())
  })

  it.each([0, 1e11 + 1, 1_764_000_000_000, Number.MAX_SAFE_INTEGER])('may be %s', (time) => {
    expect(check(time)).toBe(time)
  })

  it('that is refused shows the sum that was meant', () => {
    expect(() => check(HALF_AN_HOUR)).toThrow('Date.now() + 1800000 or setIn(1800000)')
    expect(() => check(HALF_AN_HOUR)).not.toThrow('* 1000')
    expect(() => check(1_764_000_000)).toThrow('1764000000 * 1000')
    expect(() => check(1_764_000_000)).toThrow('Date.now() + 1764000000 or setIn(1764000000)')
  })

  it('is any number on a clock of one’s own, and on a virtual one', () => {
    expect(timeCheckOf(injectedClock)(5)).toBe(5)
    expect(timeCheckOf(virtualClock())(5)).toBe(5)
    new TestScheduler(() => {}).run(() => expect(check(5)).toBe(5))
  })

  it('is otherwise what every alarm takes', () => {
    for (const bad of [-1, 1.5, Number.NaN, 2 ** 53]) expect(() => check(bad)).toThrow(invalid())
  })
})

describe('a delay taken for a time', () => {
  it('is refused by sqliteStore before anything has changed, also within a transaction', () => {
    const { alarm, transaction } = storeOf()
    alarm.set(0)
    expect(() => alarm.set(HALF_AN_HOUR)).toThrow(invalid('Date.now() + 1800000'))
    expect(() => transaction(() => alarm.set(HALF_AN_HOUR))).toThrow(invalid())
    expect(alarm.time).toBe(0)
  })

  it('is refused by a fleet over sqliteStores, as an error of the call or an event of the operator', async () => {
    const fleet = kept(openFleet(storesOf()))
    const alarm = fleet.actor('a')
    expect(() => alarm.set(HALF_AN_HOUR)).toThrow(invalid('Date.now() + 1800000'))
    alarm.set(0)
    await lastValueFrom(alarm.drained())
    expect(alarm.time).toBe(0)

    const intents$ = of({ ...setAlarm(HALF_AN_HOUR), key: 'a' }, { ...setAlarmIn(HALF_AN_HOUR), key: 'b' })
    const events = await lastValueFrom(intents$.pipe(keepAlarms(storesOf()), toArray()))
    expect(events.filter(({ kind }) => kind === 'refused')).toEqual([
      expect.objectContaining({ key: 'a', error: invalid() }),
    ])
    expect(events).toContainEqual(expect.objectContaining({ key: 'b', kind: 'drained' }))
  })

  it('is refused by timers on such an alarm before anything is saved', async () => {
    const alarms: Alarm[] = [storeOf().alarm, kept(openFleet(storesOf())).actor('a')]
    for (const alarm of alarms) {
      await lastValueFrom(alarm.confirmed())
      const { timers, names } = timersOn(alarm)
      timers.set('soon', 0) // earlier than what is refused
      expect(() => timers.set('tea', HALF_AN_HOUR)).toThrow(invalid('Date.now() + 1800000'))
      expect(names()).toEqual(['soon'])
      expectIn(
        HALF_AN_HOUR,
        () => timers.setIn('tea', HALF_AN_HOUR),
        () => timers.get('tea'),
      )
      expect(() => timers.setIn('tea', -1)).toThrow(invalid())
    }
  })

  it('is a time where a scheduler is injected, and of a bare alarm, a bare fleet and timers on them', () => {
    const load = () => [{ time: null, epoch: 1 }]
    const bare = openBare({})
    const alarms: Alarm[] = [
      storeOf({ scheduler: injectedClock }).alarm,
      kept(openFleet({ ...storesOf(), scheduler: injectedClock })).actor('a'),
      kept(openFleet({ load, commit: () => [], write: () => [] })).actor('a'),
      bare,
    ]
    for (const alarm of alarms) expect(() => alarm.set(HALF_AN_HOUR)).not.toThrow()
    const { timers } = timersOn(bare)
    timers.set('tea', 5)
    expect(bare.time).toBe(5)
  })
})

describe('a delay', () => {
  it('is what a store sets its alarm to, also within a transaction', () => {
    const { alarm, transaction } = storeOf()
    expectIn(
      HALF_AN_HOUR,
      () => alarm.setIn(HALF_AN_HOUR),
      () => alarm.time,
    )
    expectIn(
      60_000,
      () => transaction(() => alarm.setIn(60_000)),
      () => alarm.time,
    )
    expect(() => alarm.setIn(1.5)).toThrow(invalid())
  })

  it('counts from the clock that is injected, rounded up', () => {
    const clock = { now: () => 7.5, schedule: asyncScheduler.schedule.bind(asyncScheduler) }
    const { alarm } = storeOf({ scheduler: clock })
    alarm.setIn(5)
    expect(alarm.time).toBe(13)
    const { timers } = timersOn(openBare({ scheduler: clock }), clock)
    timers.setIn('tea', 5)
    expect(timers.get('tea')).toBe(13)
  })
})

it('a fleet’s wallClock is true or false', () => {
  const config = { load: () => [], commit: () => [], write: () => [], wallClock: 'yes' }
  expect(() => openFleet(config as never)).toThrow(expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }))
})
