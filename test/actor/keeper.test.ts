import { Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { openAlarm } from '../../src/index.ts'
import { virtualClock } from '../virtual-clock.ts'

/** An alarm whose clock throws at the `nth` reading from here on, while an earlier move is held and goes; how its waiter was answered. */
function playWith(nth: number): { readonly answer: string; readonly hasThrown: boolean } {
  const clock = virtualClock(0)
  let left = Number.POSITIVE_INFINITY
  const scheduler = {
    now: () => (--left === 0 ? fails() : clock.now()),
    schedule: clock.schedule.bind(clock),
  }
  const calls: Subject<never>[] = []
  const call = () => {
    calls.push(new Subject())
    return calls.at(-1)!
  }
  const alarm = openAlarm({ initial: 9, reconcile: false, scheduler, commit: call, write: call })
  let answer = 'none'
  alarm.events$.subscribe({ error: () => {} })
  alarm.set(5)
  alarm.set(3)
  alarm.drained().subscribe({
    error: ({ code }) => {
      answer = code
    },
    complete: () => {
      answer = 'drained'
    },
  })
  left = nth
  for (const open of calls) open.complete()
  return { answer, hasThrown: left <= 0 }
}

function fails(): never {
  throw new Error('the clock')
}

describe('a clock that throws once, at whichever reading', () => {
  it('leaves nothing waiting: the alarm breaks, or goes on', () => {
    let nth = 1
    let played = playWith(nth)
    for (; played.hasThrown; played = playWith(++nth)) {
      expect([nth, played.answer]).toEqual([nth, 'ALARM_INTERNAL'])
    }
    expect(nth).toBeGreaterThan(5)
    expect(played.answer).toBe('drained')
  })
})
