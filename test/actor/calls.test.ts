import { EMPTY, NEVER, Observable, Subject, throwError } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { virtualClock } from '../../src/marbles/clock/virtual-clock.ts'
import { codeOf, open } from './bare-alarm.ts'

describe('a write', () => {
  it('is told the key, the move, the fence and the attempt', () => {
    const write = vi.fn(() => EMPTY)
    const alarm = open({ initial: 9, write })
    alarm.set(5)
    alarm.delete()
    expect(write.mock.calls).toEqual([
      [5, { key: 'k', move: 'earlier', fence: 3 * 2 ** 22 + 1, attempt: 1 }],
      [null, { key: 'k', move: 'later', fence: 3 * 2 ** 22 + 2, attempt: 1 }],
    ])
  })

  it('that returns nothing says so by its name', () => {
    const alarm = open({ write: () => undefined as never })
    expect(() => alarm.set(5)).toThrow('write must return an Observable, a promise or an iterable')
  })

  it('whose function closes the alarm is unsubscribed', () => {
    const torn = vi.fn()
    const alarm = open({
      write() {
        alarm.close()
        return new Observable(() => torn)
      },
    })
    expect(codeOf(() => alarm.set(5))).toBe('ALARM_CLOSED')
    expect(torn).toHaveBeenCalledTimes(1)
  })

  it('whose function closes the alarm may return EMPTY', () => {
    const commit = vi.fn(() => NEVER)
    const alarm = open({
      commit,
      write() {
        alarm.close()
        return EMPTY
      },
    })
    expect(codeOf(() => alarm.set(5))).toBe('ALARM_CLOSED')
    expect(commit).not.toHaveBeenCalled()
  })

  it('is unsubscribed when the alarm is closed', () => {
    const torn = vi.fn()
    const alarm = open({ write: () => new Observable(() => torn) })
    alarm.set(5)
    alarm.close()
    expect(torn).toHaveBeenCalledTimes(1)
  })

  it('that fails when the alarm is closed is not tried again', async () => {
    const delay = vi.fn(() => 5)
    const alarm = open({ initial: 9, write: () => Promise.reject(new Error('down')), retry: { delay } })
    alarm.delete()
    alarm.close()
    await Promise.resolve()
    await Promise.resolve()
    expect(delay).not.toHaveBeenCalled()
  })

  it('sets no timer when the function that says how long closes the alarm', () => {
    const scheduler = virtualClock()
    const alarm = open({
      initial: 9,
      scheduler,
      write: () => throwError(() => new Error('down')),
      retry: {
        delay() {
          alarm.close()
          return 5
        },
      },
    })
    expect(codeOf(() => alarm.delete())).toBe('ALARM_CLOSED')
    expect(scheduler.pending).toBe(0)
  })

  it('that is held, taken back and held again is told each time', () => {
    const write$ = new Subject<never>()
    const alarm = open({ initial: 8, reconcile: true, commit: () => NEVER, write: () => write$ })
    const told: string[] = []
    alarm.events$.subscribe((event) => {
      if (event.kind === 'held' || event.kind === 'released') told.push(`${event.kind} ${event.time}`)
    })
    alarm.set(5)
    alarm.delete()
    alarm.set(3)
    write$.complete()
    expect(told).toEqual(['held 5', 'released null', 'held 3', 'released 3'])
  })
})
