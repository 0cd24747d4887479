import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AlarmTime } from 'nolater'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { JournalLine } from './journal.ts'
import { judge } from './judge.ts'
import { machineClock, steppedClock } from './machine-clock.ts'

type Told = readonly [real: number, kind: JournalLine['kind'], time: AlarmTime, stands?: AlarmTime]

/** A clock that is stepped by `by` at the real time `at`; before, it shows the real time. */
function stepping(at = Infinity, by = 0) {
  return {
    shows: (real: number) => (real < at ? real : real + by),
    firstShown(time: number, since: number) {
      if (Math.max(time, since) <= at) return Math.max(time, since)
      return Math.max(time - by, since, at)
    },
  }
}

function journal(clock: ReturnType<typeof stepping>, ...told: readonly Told[]): JournalLine[] {
  return told.map(([real, kind, time, stands = kind === 'done' ? null : time], i) => {
    return { seq: i + 1, real, shown: clock.shows(real), kind, time, stands, op: null, epoch: 1 }
  })
}

const judged = (alarm: AlarmTime, ...told: readonly Told[]) =>
  judge(journal(stepping(), ...told), alarm, stepping())

describe('the judge of a journal', () => {
  it('finds nothing wrong with an alarm that was delivered, or replaced before it was due', () => {
    expect(judged(null, [0, 'set', 10], [5, 'set', 20], [22, 'began', 20], [23, 'done', 20])).toEqual({
      owed: [{ time: 20, began: 22 }],
      lost: [],
      early: [],
      usurped: [],
    })
  })

  it('finds an alarm that was never delivered, whatever came after it', () => {
    const lost = ['the alarm 10 was due and no handler began']
    expect(judged(10, [0, 'set', 10]).lost).toEqual(lost)
    expect(judged(null, [0, 'set', 10], [10, 'delete', null]).lost).toEqual(lost)
    expect(judged(null, [0, 'set', 10], [15, 'set', 30], [31, 'began', 30], [32, 'done', 30]).lost).toEqual(
      lost,
    )
  })

  it('does not take the delivery of one alarm for that of the same time set again', () => {
    const once: Told[] = [
      [0, 'set', 10],
      [11, 'began', 10],
      [12, 'done', 10],
    ]
    expect(judged(10, ...once, [20, 'set', 10]).lost).toEqual(['the alarm 10 was due and no handler began'])
    expect(judged(null, ...once, [20, 'set', 10], [21, 'began', 10], [22, 'done', 10]).lost).toEqual([])
  })

  it('does not take the delivery of one set again for that of the one before', () => {
    const again: Told[] = [
      [20, 'set', 10],
      [21, 'began', 10],
      [22, 'done', 10],
    ]
    expect(judged(null, [0, 'set', 10], [12, 'delete', null], ...again).lost).toEqual([
      'the alarm 10 was due and no handler began',
    ])
  })

  it('wants a handler that failed to succeed in the end, unless another alarm took its place', () => {
    const failed: Told[] = [
      [0, 'set', 10],
      [11, 'began', 10],
      [11, 'failed', 10],
    ]
    expect(judged(10, ...failed).lost).toEqual(['the alarm 10 was due and no handler ended well'])
    expect(judged(null, ...failed, [20, 'delete', null]).lost).toEqual([])
  })

  it('finds a handler that began before its time', () => {
    expect(judged(null, [0, 'set', 10], [9, 'began', 10], [11, 'done', 10]).early).toHaveLength(1)
  })

  it('finds a store that holds something else than its journal says', () => {
    expect(judged(10).lost).toEqual(['the store holds 10, its journal says null'])
    expect(judged(30, [0, 'set', 10], [11, 'began', 10], [12, 'set', 30], [13, 'done', 10, 30]).lost).toEqual(
      ['the alarm 30 was due and no handler began'],
    )
  })

  it('finds a store that wrote after its successor', () => {
    const [first, second] = journal(stepping(), [0, 'set', 10], [5, 'delete', null])
    const lines = [{ ...first!, epoch: 2 }, second!]
    expect(judge(lines, null, stepping()).usurped).toEqual([
      'line 2 was written in epoch 1, after one of epoch 2',
    ])
  })

  it('calls early what came before the clock ever showed its time, not what came before a step back', () => {
    const back = stepping(11, -100)
    const told = (began: number) => journal(back, [0, 'set', 10], [began, 'began', 10], [20, 'done', 10])
    expect(judge(told(12), null, back).early).toEqual([])
    expect(judge(told(9), null, back).early).toHaveLength(1)
    const forward = stepping(5, 1_000)
    const early = (began: number) =>
      judge(journal(forward, [0, 'set', 900], [began, 'began', 900]), 900, forward).early
    expect(early(5)).toEqual([])
    expect(early(4)).toHaveLength(1)
  })

  it('does not owe what was due for a moment, until the clock was stepped back', () => {
    const back = stepping(11, -100)
    expect(judge(journal(back, [0, 'set', 10], [15, 'delete', null]), null, back).lost).toEqual([])
    expect(judge(journal(back, [0, 'set', 10], [115, 'delete', null]), null, back).lost).toHaveLength(1)
  })
})

function nextMillisecond(): number {
  const before = Date.now()
  while (Date.now() === before);
  return Date.now()
}

describe('the clock of the machine', () => {
  it('is stepped for everybody at once, and remembers when it first showed what', () => {
    const directory = mkdtempSync(join(tmpdir(), 'nolater-clock-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const file = join(directory, 'clock')
    const clock = steppedClock(file)
    const machine = machineClock(file)
    const start = Date.now()
    expect(machine.now() - start).toBeLessThan(3_600_000)
    expect(clock.firstShown(start + 7_200_000, start)).toBeNull()
    const stepped = nextMillisecond()
    clock.step(7_200_000)
    expect(machine.now() - start).toBeGreaterThanOrEqual(7_200_000)
    expect(clock.firstShown(start + 7_200_000, start)).toBeGreaterThanOrEqual(stepped)
    clock.step(-7_200_000)
    expect(machine.now() - start).toBeLessThan(3_600_000)
    expect(clock.firstShown(start + 7_200_000, start)).not.toBeNull() // it did once
    expect(clock.firstShown(start + 7_200_000, nextMillisecond())).toBeNull() // and has not since
    expect([clock.steps, clock.offset]).toEqual([2, 0])
  })
})
