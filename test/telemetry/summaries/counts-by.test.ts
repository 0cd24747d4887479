import { countsBy } from 'nolater/summaries'
import { range } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { beforeEach, describe, expect, it } from 'vitest'

let scheduler: TestScheduler
beforeEach(() => {
  scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
})

describe('countsBy', () => {
  it('counts each kind once a window, and at the end what is left', () => {
    scheduler.run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('   --a-b-a---c---|')
      const expected = '      --------x-----(y|)'
      expectObservable(source.pipe(countsBy((value) => value, { window: 8, scheduler }))).toBe(expected, {
        x: { from: 0, to: 8, counts: { a: 2, b: 1 } },
        y: { from: 8, to: 14, counts: { c: 1 } },
      })
      expectSubscriptions(source.subscriptions).toBe('^-------------!')
    })
  })

  it('does not count what has no kind', () => {
    scheduler.run(({ cold, expectObservable }) => {
      const source = cold('a-b-|')
      const onlyB = (value: string) => (value === 'b' ? value : undefined)
      expectObservable(source.pipe(countsBy(onlyB, { scheduler }))).toBe('----(x|)', {
        x: { from: 0, to: 4, counts: { b: 1 } },
      })
    })
  })

  it('passes on what kindOf throws, when it has left its source', () => {
    scheduler.run(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('--a--b--|')
      const refuse = (value: string): string => {
        if (value === 'b') throw 'refused'
        return value
      }
      expectObservable(source.pipe(countsBy(refuse, { window: 9, scheduler }))).toBe('-----#', {}, 'refused')
      expectSubscriptions(source.subscriptions).toBe('^----!')
      scheduler.flush()
      expect(scheduler.actions).toHaveLength(0)
    })
  })

  it('takes 100,000 values at once, and any name', () => {
    let seen: unknown
    range(0, 100_000)
      .pipe(countsBy((n) => (n % 4 === 0 ? '__proto__' : 'other'), { scheduler }))
      .subscribe(({ counts }) => (seen = Object.entries(counts)))
    expect(seen).toEqual([
      ['__proto__', 25_000],
      ['other', 75_000],
    ])
  })

  it('refuses a window that no timer can keep, at once', () => {
    expect(() => countsBy(String, { window: 2 ** 31 })).toThrow(
      expect.objectContaining({ code: 'ALARM_CONFIG_INVALID' }),
    )
  })
})
