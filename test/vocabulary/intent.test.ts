import { of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import {
  type AlarmIntent,
  classifyMoves,
  deleteAlarm,
  keepAlarm,
  keepAlarms,
  maxPostpone,
  setAlarm,
  setAlarmIn,
  touchAlarm,
} from '../../src/index.ts'
import { virtualClock } from '../../src/marbles/index.ts'
import { settled, wantedTime } from '../../src/vocabulary/intent.ts'

const at = (now: number) => ({ now: () => now })

describe('intents', () => {
  it('say what is wanted', () => {
    expect(setAlarm(5)).toEqual({ kind: 'set', time: 5 })
    expect(setAlarm(new Date(5), { allowUnconfirmed: true })).toEqual({
      kind: 'set',
      time: 5,
      allowUnconfirmed: true,
    })
    expect(setAlarmIn(5)).toEqual({ kind: 'set-in', delay: 5 })
    expect(setAlarmIn(0, { allowUnconfirmed: true })).toEqual({
      kind: 'set-in',
      delay: 0,
      allowUnconfirmed: true,
    })
    expect(deleteAlarm()).toEqual({ kind: 'delete' })
    expect(deleteAlarm({ allowUnconfirmed: true })).toEqual({ kind: 'delete', allowUnconfirmed: true })
    expect(wantedTime(setAlarm(5), at(7))).toBe(5)
    expect(wantedTime(setAlarmIn(5), at(7))).toBe(12)
    expect(wantedTime(setAlarmIn(5), at(7.2))).toBe(13)
    expect(wantedTime(deleteAlarm(), at(7))).toBe(null)
    expect(touchAlarm({ allowUnconfirmed: true })).toEqual({ kind: 'touch', allowUnconfirmed: true })
    expect(wantedTime(touchAlarm(), at(7))).toBe(undefined)
  })

  it('refuse a bad time and a bad delay when they are made', () => {
    const refused = expect.objectContaining({ code: 'ALARM_TIME_INVALID' })
    expect(() => setAlarm(Number.NaN)).toThrowError(refused)
    for (const bad of [Number.NaN, -1, 1.5, Infinity, '5', null, undefined, new Date(5)]) {
      expect(() => setAlarmIn(bad as number), String(bad)).toThrowError(refused)
    }
  })

  it('refuse an option that they do not have', () => {
    const wrong = { allowUnconfirmd: true } as object
    for (const make of [
      () => setAlarm(5, wrong),
      () => setAlarmIn(5, wrong),
      () => deleteAlarm(wrong),
      () => touchAlarm(wrong),
    ])
      expect(make).toThrowError(expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }))
  })

  it.each([null, undefined, 5, 'set', {}, { kind: 'unset' }])(
    'are refused when made by hand as %o',
    (bad) => {
      expect(() => wantedTime(bad as unknown as AlarmIntent, at(0))).toThrowError(
        expect.objectContaining({
          code: 'ALARM_INTENT_INVALID',
          message: expect.stringContaining(
            'An intent is what setAlarm(time), setAlarmIn(ms), deleteAlarm() or touchAlarm() returns; given ',
          ),
        }),
      )
    },
  )

  it('with a delay made by hand are refused when they arrive', () => {
    expect(() => wantedTime({ kind: 'set-in', delay: -1 }, at(0))).toThrowError(
      expect.objectContaining({ code: 'ALARM_TIME_INVALID' }),
    )
  })

  it('with a delay become a set, and keep what else they carry', () => {
    const keyed = { ...setAlarmIn(5, { allowUnconfirmed: true }), key: 'a' }
    expect(settled(keyed, 12)).toEqual({ kind: 'set', time: 12, allowUnconfirmed: true, key: 'a' })
    const set = setAlarm(5)
    expect(settled(set, 5)).toBe(set)
  })
})

describe('a delay as an intent', () => {
  const intent = setAlarmIn(5)

  it('counts from its arrival, by the clock of keepAlarm', () => {
    const clock = virtualClock()
    const committed: unknown[] = []
    const config = { scheduler: clock, commit: (time: unknown) => [committed.push(time)], write: () => [] }
    clock.advance(7)
    of(intent).pipe(keepAlarm(config)).subscribe()
    expect(committed).toEqual([clock.now() + 5])
  })

  it('counts from its arrival, by the clock of keepAlarms', () => {
    const clock = virtualClock()
    const committed: unknown[] = []
    const load = () => of({ time: null, epoch: 1 })
    clock.advance(7)
    of({ ...intent, key: 'a' })
      .pipe(keepAlarms({ scheduler: clock, load, commit: (time) => [committed.push(time)], write: () => [] }))
      .subscribe()
    expect(committed).toEqual([clock.now() + 5])
  })

  it('leaves classifyMoves as the time that it was classified by', () => {
    const clock = virtualClock()
    clock.advance(7)
    const moves: unknown[] = []
    of(intent)
      .pipe(classifyMoves(10, clock))
      .subscribe((move) => moves.push(move))
    const time = clock.now() + 5
    expect(moves).toEqual([{ move: 'later', time, intent: { kind: 'set', time } }])
  })

  it('is held to its limit by maxPostpone', () => {
    const clock = virtualClock()
    const left: unknown[] = []
    const start = clock.now()
    of(setAlarmIn(5), setAlarmIn(50))
      .pipe(maxPostpone(12, { scheduler: clock }))
      .subscribe((postponed) => left.push(postponed))
    expect(left).toEqual([
      { kind: 'set', time: start + 5, limit: start + 12 },
      { kind: 'set', time: start + 12, limit: start + 12 },
    ])
  })
})

describe('touchAlarm', () => {
  const rig = () => {
    const calls: string[] = []
    const commit = (time: number | null) => {
      calls.push(`commit ${time}`)
      return []
    }
    const write = (time: number | null) => {
      calls.push(`write ${time}`)
      return []
    }
    return { calls, commit, write, reconcile: false }
  }

  it('is committed by keepAlarm, and moves nothing', () => {
    const { calls, ...config } = rig()
    const kinds: string[] = []
    of(touchAlarm(), touchAlarm({ allowUnconfirmed: true }))
      .pipe(keepAlarm({ ...config, initial: 5 }))
      .subscribe((event) =>
        kinds.push(event.kind === 'touched' ? `touched ${event.unconfirmed}` : event.kind),
      )
    expect(calls).toEqual(['commit 5', 'commit 5'])
    expect(kinds.filter((kind) => kind.startsWith('touched'))).toEqual(['touched false', 'touched true'])
  })

  it('is committed by keepAlarms, for its key', () => {
    const { calls, ...config } = rig()
    const load = () => of({ time: 5, epoch: 1 })
    of({ ...touchAlarm(), key: 'a' })
      .pipe(keepAlarms({ ...config, load }))
      .subscribe()
    expect(calls).toEqual(['commit 5'])
  })

  it('goes through the other operators unchanged', () => {
    const moves: unknown[] = []
    of(touchAlarm())
      .pipe(classifyMoves(7))
      .subscribe((move) => moves.push(move))
    expect(moves).toEqual([{ move: 'same', time: 7, intent: { kind: 'touch' } }])
    const postponed: unknown[] = []
    of(setAlarm(5), touchAlarm(), setAlarm(90))
      .pipe(maxPostpone(10, { scheduler: virtualClock(0) }))
      .subscribe((intent) => postponed.push(intent))
    expect(postponed).toEqual([
      { kind: 'set', time: 5, limit: 10 },
      { kind: 'touch', limit: 10 },
      { kind: 'set', time: 10, limit: 10 },
    ])
  })
})
