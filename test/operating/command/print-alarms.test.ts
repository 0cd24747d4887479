import { describe, expect, it } from 'vitest'
import { alarmSheet, alarmTable } from '../../../src/operating/command/print-alarms.ts'
import type { ListedAlarm } from '../../../src/vocabulary/listed-alarm.ts'
import type { ManagerStats } from '../../../src/vocabulary/manager-stats.ts'

const now = Date.UTC(2030, 0, 31, 12)
const due: ListedAlarm = {
  key: 'a',
  time: now - 5_000,
  due: now - 5_000,
  state: 'due',
  fence: 7,
  failures: 0,
  lastError: null,
  lease: null,
  paused: false,
}

/** The rows of its sheet, by their names; those without one as a list. */
function rowsOf(
  alarm: Partial<ListedAlarm>,
  stats: ManagerStats | null = null,
  columns: number | null = null,
): Record<string, unknown> {
  const lines = alarmSheet({ ...due, ...alarm }, now, stats, columns)
    .trimEnd()
    .split('\n')
  const rows = lines.map((line) => [line.slice(0, 16).trim(), line.slice(16)] as const)
  return {
    ...Object.fromEntries(rows),
    unnamed: rows.filter(([name]) => name === '').map(([, text]) => text),
  }
}

describe('the sheet of an alarm', () => {
  it('says when it is delivered next, where that is another time than its own', () => {
    const inAMinute = '2030-01-31T12:01:00.000Z, in 1 min'
    const lease = { holder: 'h', until: now + 60_000 }
    const backing = rowsOf({ due: now + 60_000, state: 'backing-off' })
    expect(backing).toMatchObject({
      'set to': '2030-01-31T11:59:55.000Z, 5 s ago',
      'tried again': inAMinute,
    })
    expect(backing).not.toHaveProperty('rescheduled to')
    const putOff = rowsOf({ due: now + 60_000, state: 'pending' })
    expect(putOff).toMatchObject({ 'rescheduled to': inAMinute })
    for (const rows of [
      putOff,
      rowsOf({}),
      rowsOf({ due: now + 60_000, state: 'delivering', lease }),
      rowsOf({ due: null, state: 'failed' }),
    ])
      expect(rows).not.toHaveProperty('tried again')
    const ontime = rowsOf({ time: now + 60_000, due: now + 60_000, state: 'pending' })
    expect(ontime).not.toHaveProperty('rescheduled to')
  })

  it('says of what is due whether it is paused', () => {
    expect(rowsOf({}).state).toBe('due for 5 s, and not taken')
    expect(rowsOf({})).not.toHaveProperty('to repair')
    expect(rowsOf({ paused: true })).toMatchObject({
      state: 'due for 5 s, and paused',
      'to repair': 'nolater resume',
    })
    expect(rowsOf({ paused: true, state: 'pending' }).state).toBe('pending, and paused')
    const paused = [{ prefix: 'b' }, { prefix: "a's " }, { prefix: '' }]
    expect(
      rowsOf({ paused: true, key: "a's 1" }, { paused, at: now } as unknown as ManagerStats),
    ).toMatchObject({
      'to repair': 'nolater resume TARGET --all', // the last of them
    })
    expect(
      rowsOf({ paused: true, key: "a's 1" }, {
        paused: paused.slice(0, 2),
        at: now,
      } as unknown as ManagerStats),
    ).toMatchObject({
      'to repair': "nolater resume TARGET --prefix 'a'\\''s '",
    })
  })

  it('says of what has failed how it is repaired', () => {
    expect(rowsOf({ due: null, state: 'failed' })).toMatchObject({
      state: 'failed: given up, delivered no more',
      'to repair': 'nolater retry, reschedule or discard',
    })
  })

  it('has the last error, line by line, none of which moves the cursor', () => {
    const lastError = {
      name: 'Error',
      message: '\u001b[2J',
      at: now - 1_000,
      since: now - 3_600_000,
      stack: 'at \u202eb\n\n    at c',
    }
    const rows = rowsOf({ lastError })
    expect(rows).toMatchObject({
      'last error': 'Error: \\u001b[2J',
      'failing since': '2030-01-31T11:00:00.000Z, 1 h ago',
    })
    expect(rows.unnamed).toEqual(['2030-01-31T11:59:59.000Z, 1 s ago', 'at \\u202eb', '    at c'])
  })

  it('has a time that is no date in ms', () => {
    expect(rowsOf({ time: 8.64e15 + 1 })['set to']).toMatch(/^8640000000000001 ms, in /)
  })
})

describe('the table of alarms', () => {
  it('says of a pending one that an operator has put it off', () => {
    const row = (alarm: ListedAlarm): string => alarmTable(null, now).row(alarm, null)
    expect(row({ ...due, state: 'pending', due: now + 60_000 })).toContain('\trescheduled\t')
    expect(row({ ...due, state: 'pending', time: now + 60_000, due: now + 60_000 })).toContain('\tpending\t')
    expect(row({ ...due, paused: true })).toContain('\tpaused\t')
  })

  it('says of one that is delivered that its process is silent', () => {
    const alarm: ListedAlarm = { ...due, state: 'delivering', lease: { holder: 'h', until: now + 60_000 } }
    const seen = (ago: number) =>
      ({
        at: now,
        deliverers: [{ holder: 'h', process: 'p:1', since: 0, seen: now - ago }],
      }) as unknown as ManagerStats
    const row = (stats: ManagerStats | null): string => alarmTable(null, now).row(alarm, stats)
    expect(row(seen(60_000))).toContain('\tstuck\t')
    expect(row(seen(1_000))).toContain('\tdelivering\t')
    expect(row(null)).toContain('\tdelivering\t')
    expect(rowsOf(alarm, seen(60_000))).toMatchObject({
      'to repair': 'nolater retry ends the lease of a process that is gone',
    })
    expect(rowsOf(alarm, seen(1_000))).not.toHaveProperty('to repair')
  })

  it('cuts a key between its letters', () => {
    const row = alarmTable(80, now).row({ ...due, key: '😀'.repeat(40) }, null)
    expect(row).toMatch(/^(?:😀){23}… due /u)
  })
})
