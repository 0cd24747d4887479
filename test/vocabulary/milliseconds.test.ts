import { expect, it, vi } from 'vitest'
import { memoryManager } from '../../src/index.ts'
import { connect } from '../../src/sqlite/connect.ts'
import { sqliteManager } from '../../src/sqlite/index.ts'
import { MAX_TIMER, timerMilliseconds } from '../../src/vocabulary/milliseconds.ts'
import { newFile } from '../sqlite/files.ts'
import { virtualClock } from '../virtual-clock.ts'

const TOO_LONG = [2 ** 31, Number.MAX_SAFE_INTEGER]

it.each(TOO_LONG)('a timer of %d ms is one of 24 days: a longer one would fire at once', (ms) => {
  expect(timerMilliseconds('lease', ms)).toBe(MAX_TIMER)
  expect(timerMilliseconds('lease', MAX_TIMER)).toBe(MAX_TIMER)
})

it.each([0, -1, 1.5, Number.NaN, Infinity, '1'])('%s is no duration', (ms) => {
  expect(() => timerMilliseconds('lease', ms as number)).toThrow(
    expect.objectContaining({
      code: 'ALARM_CONFIG_INVALID',
      message: expect.stringContaining('lease must be'),
    }),
  )
})

it.each(TOO_LONG)('managers and stores with %d ms for everything keep their timers', (ms) => {
  const file = newFile()
  const clock = virtualClock()
  const delays = vi.spyOn(clock, 'schedule')
  const managers = [
    sqliteManager({ file, scheduler: clock, pollInterval: ms, lease: ms, busyTimeout: ms }),
    memoryManager({ scheduler: clock, lease: ms }),
  ]
  for (const manager of managers) {
    const deliveries = manager.deliveries(() => new Promise(() => {})).subscribe()
    manager.write('a', 1, { key: 'a', move: 'earlier', fence: 1, attempt: 1 })
    clock.advance(1)
    deliveries.unsubscribe()
  }
  expect(delays.mock.calls.length).toBeGreaterThan(1)
  for (const [, delay = 0] of delays.mock.calls) expect(delay).toBeLessThanOrEqual(MAX_TIMER)
  const db = connect(newFile(), ms)
  expect(db.prepare('PRAGMA busy_timeout').get()).toEqual({ timeout: MAX_TIMER })
  db.close()
})
