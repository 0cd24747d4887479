import { setImmediate as turn } from 'node:timers/promises'
import { RunawayError, virtualClock } from 'nolater/marbles'
import {
  asapScheduler,
  debounceTime,
  delay,
  interval,
  map,
  observeOn,
  type SchedulerAction,
  Subject,
  type Subscription,
  take,
  timer,
} from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { wakeAt } from '../../src/vocabulary/wake-at.ts'

/** A clock, and a log of what happens at which of its times. */
function logged(start = 0) {
  const clock = virtualClock(start)
  const log: string[] = []
  const note = (what: unknown): void => {
    log.push(`${clock.now()} ${what}`)
  }
  return { clock, log, note }
}

describe('virtualClock', () => {
  it('runs timers in the order of their times, and equal times in the order in which they were set', () => {
    const { clock, log, note } = logged(100)
    for (const [name, ms] of Object.entries({ c: 30, a: 10, b: 10, d: 30 }))
      clock.schedule(() => note(name), ms)
    expect(clock.pending).toBe(4)
    clock.advance(30)
    expect(log).toEqual(['110 a', '110 b', '130 c', '130 d'])
    expect(clock.pending).toBe(0)
  })

  it('keeps that order whatever is set and cancelled in between', () => {
    const { clock, log, note } = logged()
    const set: { due: number; name: string; timer: Subscription }[] = []
    // A small generator of its own, so that a failure can be repeated.
    let seed = 7
    const random = (below: number): number => {
      seed = (seed * 48271) % 2147483647
      return seed % below
    }
    for (let i = 0; i < 2000; i++) {
      const due = random(500)
      set.push({ due, name: `${due} ${i}`, timer: clock.schedule(() => note(i), due) })
      if (random(3) === 0) set.splice(random(set.length), 1)[0]!.timer.unsubscribe()
      expect(clock.pending).toBe(set.length)
    }
    clock.flush()
    expect(log).toEqual(set.toSorted((a, b) => a.due - b.due).map(({ name }) => name))
  })

  it('stops exactly where it is told to', () => {
    const { clock, log, note } = logged(5)
    clock.schedule(() => note('due'), 10)
    clock.schedule(() => note('not yet'), 11)
    clock.advance(10)
    expect([clock.now(), log]).toEqual([15, ['15 due']])
    clock.advanceTo(15)
    expect(log).toEqual(['15 due'])
    clock.advanceTo(100)
    expect([clock.now(), log]).toEqual([100, ['15 due', '16 not yet']])
  })

  it('runs what timers set, if it is due on the way', () => {
    const { clock, log, note } = logged()
    clock.schedule(() => {
      clock.schedule(() => note('at once'))
      clock.schedule(() => note('soon'), 5)
      clock.schedule(() => note('late'), 6)
    }, 10)
    clock.advance(15)
    expect(log).toEqual(['10 at once', '15 soon'])
  })

  it('can be moved by a timer', () => {
    const { clock, log, note } = logged()
    clock.schedule(() => {
      clock.advance(20)
      note('slow')
    }, 10)
    clock.schedule(() => note('overtaken'), 15)
    clock.advance(12)
    expect(log).toEqual(['15 overtaken', '30 slow'])
    expect(clock.now()).toBe(30)
  })

  it('runs a timer again that reschedules itself, with the state given', () => {
    const { clock, log, note } = logged()
    clock.schedule(
      function (this: SchedulerAction<number>, count?: number) {
        note(count)
        if (count! < 3) this.schedule(count! + 1, 10 * count!)
      },
      5,
      1,
    )
    clock.flush()
    expect(log).toEqual(['5 1', '15 2', '35 3'])
  })

  it('cancels a timer, its repetition, and one that is due at this very moment', () => {
    const { clock, log, note } = logged()
    const repeated = clock.schedule(function () {
      note('again')
      this.schedule(undefined, 10)
    }, 10)
    clock.schedule(function () {
      this.unsubscribe()
      this.schedule(undefined, 10)
    }, 10)
    const victim = clock.schedule(() => note('never'), 25)
    clock.schedule(() => {
      repeated.unsubscribe()
      repeated.unsubscribe()
    }, 25)
    clock.schedule(() => victim.unsubscribe(), 20)
    clock.flush()
    expect(log).toEqual(['10 again', '20 again'])
    expect(clock.pending).toBe(0)
  })

  it('has one timer for an action that is rescheduled before it is due', () => {
    const { clock, log, note } = logged()
    const action = clock.schedule(note, 10, 'old') as SchedulerAction<string>
    clock.advance(5)
    action.schedule('new', 10)
    expect(clock.pending).toBe(1)
    clock.flush()
    expect(log).toEqual(['15 new'])
  })

  it('throws what a timer throws, stands there, and goes on', () => {
    const { clock, log, note } = logged()
    const failing = clock.schedule(() => {
      throw new Error('boom')
    }, 10)
    clock.schedule(() => note('after'), 20)
    expect(() => clock.advance(30)).toThrow('boom')
    expect([clock.now(), failing.closed, clock.pending]).toEqual([10, true, 1])
    clock.advance(20)
    expect(log).toEqual(['20 after'])
  })

  it('is a scheduler for the operators of RxJS', () => {
    const { clock, log, note } = logged()
    const source = new Subject<string>()
    source.pipe(delay(7, clock)).subscribe((value) => note(`delay ${value}`))
    source.pipe(debounceTime(10, clock)).subscribe((value) => note(`debounce ${value}`))
    source.pipe(observeOn(clock)).subscribe((value) => note(`observeOn ${value}`))
    timer(3, 4, clock)
      .pipe(take(3))
      .subscribe((value) => note(`timer ${value}`))
    const ticks = interval(5, clock).subscribe((value) => note(`interval ${value}`))
    source.next('a')
    clock.advance(8)
    source.next('b')
    clock.advance(10)
    ticks.unsubscribe()
    clock.flush()
    expect(log).toEqual([
      '0 observeOn a',
      '3 timer 0',
      '5 interval 0',
      '7 delay a',
      '7 timer 1',
      '8 observeOn b',
      '10 interval 1',
      '11 timer 2',
      '15 delay b',
      '15 interval 2',
      '18 debounce b',
    ])
    expect(clock.pending).toBe(0)
  })

  describe('a wall clock that is stepped', () => {
    it('jumps, while timers keep what is left of their delays', () => {
      const { clock, log, note } = logged(1000)
      clock.schedule(() => note('due'), 10)
      clock.advance(4)
      clock.step(-500)
      expect([clock.now(), log]).toEqual([504, []])
      clock.advance(5)
      expect(log).toEqual([])
      clock.advance(1)
      clock.step(3_600_000)
      expect([clock.now(), log]).toEqual([3_600_510, ['510 due']])
    })

    it('wakes an alarm at its time by the clock, not before', () => {
      const { clock, log, note } = logged(1000)
      wakeAt(clock, 2000, () => note('woken'))
      clock.step(-300)
      clock.flush()
      expect(log).toEqual(['2000 woken'])
    })

    it('is advanced to a time by the wall', () => {
      const { clock } = logged(1000)
      clock.step(-300)
      clock.advanceTo(900)
      expect(clock.now()).toBe(900)
      expect(() => clock.advanceTo(899)).toThrow(/0 or more.*step\(\).*given -1\./)
    })
  })

  describe('flush', () => {
    it('ends at the last timer', () => {
      const { clock } = logged()
      wakeAt(clock, 3 * 86_400_000 + 1, () => {})
      clock.flush()
      expect(clock.now()).toBe(3 * 86_400_000 + 1)
    })

    it('runs exactly as many timers as its limit allows', () => {
      const { clock, log, note } = logged()
      for (let i = 0; i < 3; i++) clock.schedule(() => note(i))
      clock.flush(3)
      expect(log).toHaveLength(3)
      for (let i = 0; i < 4; i++) clock.schedule(() => note(i))
      expect(() => clock.flush(3)).toThrow(RunawayError)
      expect(log).toHaveLength(6)
    })

    it('says what is still scheduled when the run never ends', () => {
      const clock = virtualClock(100)
      clock.schedule(function everyTen() {
        this.schedule(undefined, 10)
      }, 10)
      clock.schedule(function lookAgain() {
        this.schedule(undefined, 4)
      }, 3)
      for (let i = 0; i < 5; i++) clock.schedule(() => {}, 90_000)
      // How a function prints is up to the compiler.
      const message = messageOf(() => clock.flush(20)).replace(/\{.*\}/g, '{…}')
      expect(message).toMatchInlineSnapshot(`
        "Expected the run to end; after 20 timers the clock reads 159 and 7 are still scheduled:
          in 1 ms, set for 10 ms: function everyTen() {…}
          in 4 ms, set for 4 ms: function lookAgain() {…}
          in 89941 ms, set for 90000 ms: () => {…}
          in 89941 ms, set for 90000 ms: () => {…}
          in 89941 ms, set for 90000 ms: () => {…}
          and 2 more
        Stop what repeats, move the clock with advance(ms), or give flush a higher limit."
      `)
      expect(clock.pending).toBe(7)
    })

    it('finds out by itself, and so does advance when time stands still', async () => {
      const { clock } = logged()
      clock.schedule(function () {
        this.schedule(undefined, 0)
      })
      expect(() => clock.advance(1)).toThrow(/after 1000000 timers the clock reads 0/)
      expect(() => clock.flush()).toThrow(RunawayError)
      await expect(clock.flushAsync(5)).rejects.toMatchObject({ code: 'CLOCK_RUNAWAY' })
    })

    it('is no reason to stop a long time that passes', () => {
      const clock = virtualClock()
      let ticks = 0
      clock.schedule(function () {
        ticks++
        this.schedule(undefined, 1)
      }, 1)
      clock.advance(1_000_001)
      expect(ticks).toBe(1_000_001)
    })
  })

  describe('asynchronously', () => {
    it('lets promises and turns of the event loop run between timers', async () => {
      const { clock, log, note } = logged()
      clock.schedule(async () => {
        note('timer')
        await null
        note('promise')
        await turn()
        await turn()
        note('turn')
        clock.schedule(() => note('set by a turn'), 3)
      }, 10)
      clock.schedule(() => note('later'), 12)
      clock.schedule(() => note('not yet'), 21)
      await clock.advanceAsync(20)
      expect(log).toEqual(['10 timer', '10 promise', '10 turn', '12 later', '13 set by a turn'])
      expect(clock.now()).toBe(20)
    })

    it('lets what is under way set its timers first, and finish after the last', async () => {
      const { clock, log, note } = logged()
      void Promise.resolve().then(() => clock.schedule(() => asapScheduler.schedule(() => note('done')), 5))
      await clock.flushAsync()
      expect(log).toEqual(['5 done'])
      void Promise.resolve().then(() => clock.schedule(() => note('due'), 5))
      await clock.advanceToAsync(10)
      expect(log).toEqual(['5 done', '10 due'])
    })

    it('rejects with what a timer throws', async () => {
      const { clock } = logged()
      clock.schedule(() => {
        throw new Error('boom')
      }, 10)
      await expect(clock.advanceAsync(10)).rejects.toThrow('boom')
    })

    it('is not held up by fake timers', async () => {
      vi.useFakeTimers()
      try {
        const { clock, log, note } = logged()
        clock.schedule(() => note('due'), 5)
        await clock.advanceAsync(5)
        expect(log).toEqual(['5 due'])
      } finally {
        vi.useRealTimers()
      }
    })
  })

  it('refuses what a real timer would fire at once, and times that are none', () => {
    const { clock } = logged()
    const invalid = expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' })
    for (const ms of [2 ** 31, Infinity, Number.NaN]) {
      expect(() => clock.schedule(() => {}, ms)).toThrow(invalid)
    }
    for (const ms of [-1, Infinity, Number.NaN]) expect(() => clock.advance(ms)).toThrow(invalid)
    expect(() => clock.step(Number.NaN)).toThrow(invalid)
    expect(() => virtualClock(Number.NaN)).toThrow(invalid)
    expect(clock.pending).toBe(0)
    clock.advance(10)
    clock.schedule(() => expect(clock.now()).toBe(10), -5)
    clock.schedule(() => {}, 2 ** 31 - 11)
    clock.flush()
    expect(clock.now()).toBe(2 ** 31 - 1)
    clock.schedule(() => {}, 2 ** 31 - 1)
  })

  // What takes each timer out of a list would not come to its end within the limit of a test.
  it('sets and fires 100,000 timers, and cancels as many', () => {
    const clock = virtualClock()
    let fired = 0
    const set = () =>
      Array.from({ length: 100_000 }, (_, i) => clock.schedule(() => fired++, (i * 7919) % 100_003))
    set()
    clock.flush()
    for (const timer of set()) timer.unsubscribe()
    expect([fired, clock.pending]).toEqual([100_000, 0])
  })

  it('can be read by a function that stands alone', () => {
    const { clock } = logged(42)
    const { now } = clock
    const seen: number[] = []
    timer(1, clock)
      .pipe(map(now))
      .subscribe((value) => seen.push(value))
    clock.flush()
    expect(seen).toEqual([43])
  })
})

function messageOf(run: () => void): string {
  try {
    run()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing was thrown'
}
