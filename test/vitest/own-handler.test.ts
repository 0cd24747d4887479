import 'nolater/vitest'
import { openAlarm, type Wakeup } from 'nolater'
import type { ConfigUnderTest } from 'nolater/vitest'
import { concat, defer, EMPTY, from, ignoreElements, type ObservableInput, throwError, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { completeScenario } from '../../src/vitest/complete-scenario.ts'
import { complaintOf } from './complaint.ts'

/** A lease that is renewed at each wake-up, `times` times, and then let go. */
const lease =
  (times: number, told: string[] = [], outcome: () => ObservableInput<unknown> = () => EMPTY) =>
  ({ scheduler, ...config }: ConfigUnderTest) => {
    const alarm = openAlarm({ ...config, scheduler })
    const renew = () => alarm.set(scheduler.now() + 5_000)
    let renewed = 0
    return {
      alarm,
      renew,
      deliver: (wakeup: Wakeup) =>
        alarm.deliver(wakeup, ({ scheduledTime }) => {
          told.push(`woken for ${scheduledTime} at ${scheduler.now()}`)
          if (renewed++ < times) renew()
          return outcome()
        }),
    }
  }

const renewed = `
  where    r = renew, a = 10
  column   1000 ms

  ask      r-------------
  commit   -5|--a|---x|--
  write    5|----a|------
  wake     -----5.|--a|--
`

describe('an actor that delivers its wake-ups itself', () => {
  it('runs its own handler, and what that asks is seen', () => {
    const told: string[] = []
    expect(lease(1, told)).toMatchMarbles(renewed)
    expect(told).toEqual(['woken for 5000 at 5000', 'woken for 10000 at 10000'])
    expect(complaintOf(() => expect(lease(0)).toMatchMarbles(renewed))).toContain('+ commit   -5|--x|')
  })

  it('is written by -u without a handler that it would not run', () => {
    const text = `where    r = renew, a = 10
column   1000 ms
ask      r---------------
wake     -----5|---a.....`
    const whole = completeScenario(lease(1), text, 'a lease')
    expect(whole).toBe(`title     a lease
alarm     none
where     r = renew, a = 10
column    1000 ms

ask       r---------------
wake      -----5.|--a|----
commit    -5|--a|---x|----
write     5|----a|--------`)
    expect(completeScenario(lease(1), whole, 'a lease')).toBe(whole)
  })

  it('is put off where it is woken for another time than its own', () => {
    const told: string[] = []
    expect(lease(0, told)).toMatchMarbles(`
      alarm    9, manager 2
      clock    2

      wake     2..>---
      write    9..|---
    `)
    expect(told).toEqual([])
  })

  it('runs the script of a handler lane in place of its own', () => {
    const told: string[] = []
    expect(lease(1, told)).toMatchMarbles(`
      alarm     5
      clock     5

      wake      5..|--
      handler   5|----
      commit    -x.|--
    `)
    expect(told).toEqual([])
  })

  it('may take its time, fail, throw, and be cut off', () => {
    const woken = (outcome: () => ObservableInput<unknown>, wake: string) =>
      complaintOf(() =>
        expect(lease(0, [], outcome)).toMatchMarbles(`
          alarm    5
          clock    5

          wake     ${wake}
        `),
      )
    const failing = () =>
      concat(
        timer(2),
        defer(() => throwError(() => new RangeError('mine'))),
      )
    expect(woken(failing, '5.#---')).toBe('nothing')
    const unexpected = woken(failing, '5....|')
    expect(unexpected).toContain('+ wake   5.#---    seen')
    expect(unexpected).toContain('! the delivery of 5 s failed: RangeError: mine')
    const throwing = () => {
      throw new RangeError('mine')
    }
    expect(woken(throwing, '(5#)--')).toBe('nothing')
    expect(woken(() => timer(9), '5..!--')).toBe('nothing')
    const crash = woken(() => timer(9), '5..!--\n          life     ^--!--')
    expect(crash).toBe('nothing')
  })

  it('is not woken before its time by the clock', () => {
    expect(
      complaintOf(() => expect(lease(0)).toMatchMarbles('\nalarm   5\nwake    5|\ncommit  x|')),
    ).toContain('column 0: wake 5, but the clock reads 0 s: no manager delivers 5 (5 s) before column 5000')
    const early = complaintOf(() => expect(lease(1)).toMatchMarbles(renewed.replace('-----5.|', '----5.|-')))
    expect(early.match(/no manager delivers/g)).toHaveLength(1)
  })

  it('is not woken for what the manager does not hold', () => {
    const woken = (wake: string, more = '') =>
      complaintOf(() =>
        expect(lease(0)).toMatchMarbles(`
          column   1000 ms
          where    r = renew
          ask      r-------------
          wake     ${wake}
          commit   -5|--x|-------
          write    5|------------
          ${more}
        `),
      )
    expect(woken('-----5|-------')).toBe('nothing')
    expect(woken('---------2>---')).toContain('! column 9: wake 2, but the manager holds 5')
    expect(woken('-----5|-2>----')).toContain('! column 8: wake 2, but the manager holds none')
    const done = '\nalarm   5\nclock   5\n\nwake    5|5>--\ncommit  x|---\nwrite   --x|-'
    expect(complaintOf(() => expect(lease(0)).toMatchMarbles(done))).not.toContain('wake 5, but')
  })

  it('names no time that comes of a wake that no manager delivers', () => {
    const early = complaintOf(() =>
      expect(lease(1)).toMatchMarbles(`
        where    r = renew
        ask      r-------
        wake     ----5.|-
        commit   -5|-5|--
        write    5|---5|-
      `),
    )
    expect(early).toContain('no manager delivers 5')
    expect(early).toContain('? in column 4 is 5.004 s.')
    expect(early).not.toContain('Name it')
  })

  it('must not wait for a promise', () => {
    expect(
      complaintOf(() =>
        expect(lease(0, [], () => from(Promise.resolve()))).toMatchMarbles(
          '\nalarm   5\nclock   5\nwake    5|',
        ),
      ),
    ).toContain('a promise was used')
  })

  it('need not pass on what the alarm answers', () => {
    const open = (config: ConfigUnderTest) => {
      const { alarm, deliver } = lease(0)(config)
      return { alarm, deliver: (wakeup: Wakeup) => concat(deliver(wakeup), timer(1), EMPTY) }
    }
    expect(open).toMatchMarbles('\nalarm   5\nclock   5\n\nwake    5.|\ncommit  x|-')
    const silent = (config: ConfigUnderTest) => {
      const { alarm, deliver } = lease(0)(config)
      return { alarm, deliver: (wakeup: Wakeup) => deliver(wakeup).pipe(ignoreElements()) }
    }
    expect(silent).toMatchMarbles('\nalarm   5\nclock   5\n\nwake    5|\ncommit  x|')
  })
})
