import { EMPTY, NEVER, Observable, type ObservableInput, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import {
  type AlarmConfig,
  type AlarmEvent,
  type AlarmTime,
  type FleetConfig,
  type KeyedEvent,
  memoryManager,
  openAlarm,
  openFleet,
} from '../../src/index.ts'
import { settled } from '../manager-contract.ts'
import { virtualClock } from '../virtual-clock.ts'

const HOUR = 3_600_000

/** Never answers, and notes when it was subscribed and unsubscribed. */
function silent(clock: { now(): number }) {
  const notes: [string, number][] = []
  const call = new Observable<never>(() => {
    notes.push(['asked', clock.now() - t0])
    return () => notes.push(['left', clock.now() - t0])
  })
  const t0 = clock.now()
  return { call, notes }
}

function rig(config: Partial<AlarmConfig> = {}) {
  const clock = virtualClock()
  const t0 = clock.now()
  const never = silent(clock)
  const manager = memoryManager({ scheduler: clock })
  const stored: AlarmTime[] = []
  const commit = (time: AlarmTime) => {
    stored.push(time)
    return EMPTY
  }
  const write: AlarmConfig['write'] = (time, info) => manager.write('a', time, info)
  const events: AlarmEvent[] = []
  let failure: unknown = null
  const open = (more: Partial<AlarmConfig> = {}) => {
    const alarm = openAlarm({
      key: 'a',
      reconcile: false,
      timeout: 500,
      scheduler: clock,
      commit,
      write,
      ...config,
      ...more,
    })
    alarm.events$.subscribe({
      next: (event) => events.push(event),
      error: (error) => {
        failure = error
      },
    })
    return alarm
  }
  return { clock, t0, never, manager, stored, events, open, write, failure: () => failure }
}

const timedOut = (what: string) =>
  expect.objectContaining({
    code: 'ALARM_TIMEOUT',
    message: expect.stringContaining(`${what} must complete within the timeout of 500 ms`),
  })

describe('a call that never answers', () => {
  it('breaks the alarm where it is an earlier write, and nothing is committed', async () => {
    const { clock, t0, never, stored, open, failure, events } = rig()
    const alarm = open({ write: () => never.call })
    alarm.set(t0 + HOUR)
    const confirmed = settled(alarm.confirmed())
    await clock.advance(499)
    expect(failure()).toBeNull()
    await clock.advance(1)
    const error = expect.objectContaining({ code: 'ALARM_PRECOMMIT_FAILED', cause: timedOut('write') })
    expect([failure(), await confirmed]).toEqual([error, error])
    expect(never.notes).toEqual([
      ['asked', 0],
      ['left', 500],
    ])
    expect(stored).toEqual([])
    expect(events.at(-1)).toMatchObject({ kind: 'write-failed', took: 500, error: { code: 'ALARM_TIMEOUT' } })
  })

  it('is tried again where it is a later write, and one that lands after that is refused by its fence', async () => {
    const { clock, t0, manager, open, failure, events, write } = rig()
    const late: (() => ObservableInput<unknown>)[] = []
    const alarm = open({
      write: (time, info) => {
        if (info.move !== 'later' || late.length > 0) return write(time, info)
        late.push(() => write(time, info))
        return NEVER
      },
    })
    alarm.set(t0 + HOUR)
    alarm.set(t0 + 2 * HOUR)
    await clock.advance(500)
    expect(events.map(({ kind }) => kind)).toContain('write-retried')
    alarm.set(t0 + 3 * HOUR)
    await clock.advance(1_000)
    expect(manager.get('a')).toBe(t0 + 3 * HOUR)
    expect(await settled(late[0]!() as Observable<unknown>)).toMatchObject({ code: 'ALARM_FENCED' })
    expect([failure(), manager.get('a')]).toEqual([null, t0 + 3 * HOUR])
  })

  it('breaks the alarm where it is a commit, of which the store may hold what it likes', async () => {
    const { clock, t0, never, open, failure } = rig()
    const alarm = open({ commit: () => never.call })
    alarm.set(t0 + HOUR)
    await clock.advance(500)
    expect(failure()).toMatchObject({ code: 'ALARM_COMMIT_FAILED', cause: timedOut('commit') })
    expect(never.notes.at(-1)).toEqual(['left', 500])
  })

  it.each(['write', 'commit'] as const)('waits for ever without a limit: %s', async (name) => {
    const { clock, t0, open, failure } = rig()
    open({ [name]: () => NEVER, timeout: undefined } as never).set(t0 + HOUR)
    await clock.advance(24 * HOUR)
    expect(failure()).toBeNull()
  })

  it('is no call that answered in time, however it does so', async () => {
    for (const answer of [() => EMPTY, () => of(1, 2), () => Promise.resolve(), () => []]) {
      const { clock, t0, open, failure } = rig()
      const alarm = open({ commit: answer })
      alarm.set(t0 + HOUR)
      await clock.advance(2 * HOUR)
      expect(failure()).toBeNull()
      expect(alarm.time).toBe(t0 + HOUR)
    }
  })

  it('is measured as a duration: a clock that is set does not end it', async () => {
    const { clock, t0, open, failure } = rig()
    open({ write: () => NEVER }).set(t0 + HOUR)
    clock.step(HOUR)
    await clock.advance(499)
    expect(failure()).toBeNull()
    await clock.advance(1)
    expect(failure()).toMatchObject({ code: 'ALARM_PRECOMMIT_FAILED' })
  })

  it.each([0, -1, 0.5, Number.NaN, '5'])('is not limited by %s', (timeout) => {
    expect(() => rig().open({ timeout } as never)).toThrow(
      expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }),
    )
  })
})

describe('a fleet whose calls never answer', () => {
  function openOne(config: Partial<FleetConfig>) {
    const clock = virtualClock()
    const events: KeyedEvent[] = []
    const fleet = openFleet({
      load: () => of({ time: null, epoch: 1 }),
      commit: () => EMPTY,
      write: () => EMPTY,
      timeout: 500,
      concurrency: 2,
      reconcile: false,
      scheduler: clock,
      ...config,
    })
    fleet.events$.subscribe((event) => events.push(event))
    return { clock, fleet, events, at: clock.now() + HOUR }
  }

  it.each<[string, Partial<FleetConfig>, string, string]>([
    ['write', { write: () => NEVER }, 'broken', 'ALARM_PRECOMMIT_FAILED'],
    ['write', { writeMany: () => NEVER }, 'broken', 'ALARM_PRECOMMIT_FAILED'],
    ['commit', { commit: () => NEVER }, 'broken', 'ALARM_COMMIT_FAILED'],
    ['commit', { commitMany: () => NEVER }, 'broken', 'ALARM_COMMIT_FAILED'],
    ['load', { load: () => NEVER }, 'load-failed', 'ALARM_LOAD_FAILED'],
  ])('gets the turns back: %s', async (what, config, kind, code) => {
    const { clock, fleet, events, at } = openOne(config)
    for (const key of ['a', 'b', 'c', 'd', 'e']) fleet.actor(key).set(at)
    await clock.advance(1_600) // two at a time
    const failed = events.filter((event) => event.kind === kind)
    expect(failed.map(({ key }) => key).sort()).toEqual(['a', 'b', 'c', 'd', 'e'])
    for (const event of failed) expect(event).toMatchObject({ error: { code, cause: timedOut(what) } })
    expect(fleet.pressure).toMatchObject({ loading: 0, waiting: 0, writing: 0 })
    await fleet.close()
  })
})
