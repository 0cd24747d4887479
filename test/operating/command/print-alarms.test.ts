import { describe, expect, it } from 'vitest'
import { alarmSheet, alarmTable } from '../../../src/operating/command/print-alarms.ts'
import type { ListedAlarm } from '../../../src/vocabulary/listed-alarm.ts'

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
function rowsOf(alarm: Partial<ListedAlarm>): Record<string, unknown> {
  const lines = alarmSheet({ ...due, ...alarm }, now, null)
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
      'delivered again': inAMinute,
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
      expect(rows).not.toHaveProperty('delivered again')
    const ontime = rowsOf({ time: now + 60_000, due: now + 60_000, state: 'pending' })
    expect(ontime).not.toHaveProperty('rescheduled to')
  })

  it('says of what is due whether it is paused', () => {
    expect(rowsOf({}).state).toBe('due for 5 s, and not taken')
    expect(rowsOf({})).not.toHaveProperty('paused')
    expect(rowsOf({ paused: true })).toMatchObject({
      state: 'due for 5 s, and paused',
      paused: 'until it is resumed: nolater resume',
    })
  })

  it('says of what has failed how it is repaired', () => {
    expect(rowsOf({})).not.toHaveProperty('to repair')
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
  it('cuts a key between its letters', () => {
    const row = alarmTable(80, now).row({ ...due, key: '😀'.repeat(40) })
    expect(row).toMatch(/^(?:😀){23}… due /u)
  })
})
