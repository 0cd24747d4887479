import { describe, expect, it } from 'vitest'
import { openAlarm } from '../../src/index.ts'
import { rowAlarm } from '../../src/postgres/fleet/row-alarm.ts'
import { deepBounds, smallBounds } from './bounds.ts'
import { everySchedule } from './every-schedule.ts'
import { startEngine } from './explorer/engine.ts'
import { exploreSchedules } from './explorer/explore-schedules.ts'
import { randomSchedule } from './explorer/random-schedule.ts'
import { readRecord } from './explorer/record.ts'
import { replaySchedule } from './explorer/replay-schedule.ts'

const nothing = { intents: 0, wakes: 0, failures: 0, crashes: 0, late: 0 }
const doneUnfenced = { world: { fencesDone: false } }

describe('the engine keeps the protocol in every schedule', () => {
  it.each(smallBounds)('$name', { timeout: 300_000 }, ({ name: _, ...bound }) => {
    const { violation, states, audited } = exploreSchedules(bound)
    expect(violation).toBeNull()
    expect(states).toBeGreaterThan(10_000)
    expect(audited).toBeGreaterThan(10_000)
  })

  it('and in some much longer ones', { timeout: 300_000 }, () => {
    const violations = Array.from({ length: 500 }, (_, seed) => randomSchedule(seed, deepBounds).violation)
    expect(violations.filter((violation) => violation !== null)).toEqual([])
  })
})

describe('exploreSchedules', () => {
  it.each([
    { ...nothing, intents: 1, wakes: 1 },
    { ...nothing, intents: 1, failures: 1 },
    { ...nothing, intents: 2, times: 2 },
    { ...nothing, wakes: 1, crashes: 1 },
    { ...nothing, intents: [3], crashes: 1, late: 1 },
  ])(
    'counts what there is without leaving anything out: $intents intents, $wakes wakes, $failures, $crashes, $late',
    (bound) => {
      const { schedules, faults } = everySchedule(bound)
      expect(faults).toEqual([])
      expect(schedules).toBeGreaterThan(10)
      expect(exploreSchedules(bound).schedules).toBe(schedules)
    },
  )

  it('finds the shortest schedule, draws it and says how to replay it', () => {
    const { violation } = exploreSchedules(doneUnfenced)
    expect(violation?.schedule).toBe(
      'alarm=2 open set3 commit.applied commit.ok write.fail wake write.applied write.ok done',
    )
    expect(`\n${violation?.diagram}\n`).toMatchInlineSnapshot(`
      "
        life       ^-----------------
        intents  ----3---------------
        gate     ----....v-----------
        commit   ----3.+.|-----------
        store    2-----3-------------
        write    --2.......#-3.+.|---
        manager  2-------------3---x-
        wake     ------------2...|.+-
        handler  --------------------
        x none or delete   . under way   + applied   | acknowledged   # failed   ~ late or lost   v through the gate   ^ opened   ! crashed
      "
    `)
    expect(replaySchedule(violation!.schedule, doneUnfenced)).toEqual(violation)
    expect(replaySchedule(violation!.schedule).fault).toBeNull()
  })

  it('takes intents in the order given', () => {
    const given = exploreSchedules({ ...nothing, intents: [3, 1], alarms: [2] })
    const any = exploreSchedules({ ...nothing, intents: 2, alarms: [2] })
    expect(given.violation).toBeNull()
    expect(given.schedules).toBeLessThan(any.schedules)
  })

  it('replays a violation that was found with intents in an order', () => {
    const { violation } = exploreSchedules({ ...doneUnfenced, intents: [3] })
    expect(violation?.schedule).toContain('open set3')
  })

  it('notices a record that does not say all', () => {
    const blind = (alarm: Parameters<typeof readRecord>[0]) => ({
      ...readRecord(alarm),
      covered: 0,
      gated: 0,
      asked: 0,
    })
    expect(() => exploreSchedules({ readRecord: blind })).toThrow("The engine's record does not say all")
  })

  // The full bound without reconciling found it: the step that was taken back had its turn all the same.
  it('two ways to the same record go on alike: a step that is taken back leaves nothing in the pipe', () => {
    const follow = (inputs: string) => {
      const options = { openAlarm, readRecord, reconcile: false, synchronous: [], oneCopy: false, rowAlarm }
      const engine = startEngine(options, 2, 1, 0)
      return inputs.split(',').map((input) => engine.feed(input).engine.key)
    }
    const kept = follow('set 1,deliver 1 0 1,run.ok,commit.ok,set 1,set 1,expired,write.ok')
    const back = follow('set 1,deliver 1 0 1,run.ok,commit.ok,set 2,set 1,expired,write.ok')
    expect(back.slice(-2)).toEqual(kept.slice(-2))
  })
})

describe('replaySchedule', () => {
  it('refuses what cannot happen', () => {
    expect(() => replaySchedule('alarm=2 open run.ok')).toThrow('"run.ok" (number 2) cannot happen')
    expect(() => replaySchedule('open')).toThrow('alarm=null or alarm=<time>')
  })

  it('draws a schedule that breaks nothing, too', () => {
    const { fault, diagram } = replaySchedule(
      'alarm=null open set3 write.applied write.ok write.applied write.ok commit.applied commit.ok',
    )
    expect(fault).toBeNull()
    expect(`\n${diagram}\n`).toMatchInlineSnapshot(`
      "
        life       ^----------------
        intents  ----3--------------
        gate     ----.............v-
        commit   -------------3.+.|-
        store    x--------------3---
        write    --x...+.|3.+.|-----
        manager  x----------3-------
        wake     -------------------
        handler  -------------------
        x none or delete   . under way   + applied   | acknowledged   # failed   ~ late or lost   v through the gate   ^ opened   ! crashed
      "
    `)
  })
})

describe('randomSchedule', () => {
  it('makes the same schedule from the same seed', () => {
    const { steps } = randomSchedule(7, deepBounds)
    expect(randomSchedule(7, deepBounds).steps).toBe(steps)
    expect(
      new Set(Array.from({ length: 20 }, (_, seed) => randomSchedule(seed, deepBounds).steps)).size,
    ).toBeGreaterThan(1)
  })

  it('leaves out of a violation what it can do without', () => {
    const options = { ...deepBounds, ...doneUnfenced }
    const found = Array.from({ length: 100 }, (_, seed) => randomSchedule(seed, options)).filter(
      (made) => made.violation,
    )
    const sum = (lengths: number[]): number => lengths.reduce((a, b) => a + b, 0)
    const shortened = found.map(({ violation }) => violation!.schedule.split(' ').length)
    expect(found.length).toBeGreaterThan(5)
    expect(sum(shortened)).toBeLessThan(sum(found.map(({ steps }) => steps)))
    for (const { violation } of found) {
      expect(replaySchedule(violation!.schedule, doneUnfenced).fault).toBe(violation!.fault)
    }
  })
})
