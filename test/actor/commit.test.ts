import { EMPTY, Observable } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { AlarmFencedError } from '../../src/index.ts'
import { codeOf, open } from './bare-alarm.ts'

describe('a commit', () => {
  it('is told the key and the epoch', () => {
    const commit = vi.fn(() => EMPTY)
    open({ commit }).set(5)
    expect(commit.mock.calls).toEqual([[5, { key: 'k', epoch: 3 }]])
  })

  it('that returns nothing says so by its name', () => {
    const alarm = open({ commit: () => undefined as never })
    expect(() => alarm.set(5)).toThrow('commit must return an Observable, a promise or an iterable')
  })

  it('that is refused because another incarnation owns the actor passes that very error on', () => {
    const fenced = new AlarmFencedError('k', 5, 7)
    const alarm = open({
      commit() {
        throw fenced
      },
    })
    expect(() => alarm.set(5)).toThrow(fenced)
  })

  it('whose function closes the alarm is unsubscribed', () => {
    const torn = vi.fn()
    const alarm = open({
      commit() {
        alarm.close()
        return new Observable(() => torn)
      },
    })
    expect(codeOf(() => alarm.set(5))).toBe('ALARM_CLOSED')
    expect(torn).toHaveBeenCalledTimes(1)
  })

  it.each([
    ['EMPTY', EMPTY],
    ['a promise', Promise.resolve()],
  ])('whose function closes the alarm may return %s', async (_, returned) => {
    const write = vi.fn(() => EMPTY)
    const alarm = open({
      write,
      commit() {
        alarm.close()
        return returned
      },
    })
    expect(codeOf(() => alarm.set(5))).toBe('ALARM_CLOSED')
    await Promise.resolve()
    expect(write).toHaveBeenCalledTimes(1)
  })

  it('is unsubscribed when the alarm is closed', () => {
    const torn = vi.fn()
    const alarm = open({ commit: () => new Observable(() => torn) })
    alarm.set(5)
    alarm.close()
    expect(torn).toHaveBeenCalledTimes(1)
  })
})
