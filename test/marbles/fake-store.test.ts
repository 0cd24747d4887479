import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import { openAlarm } from '../../src/index.ts'
import { fakeStore, MarblesError } from '../../src/marbles/index.ts'

const run = <T>(act: (flush: () => void, scheduler: TestScheduler) => T): T => {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
  return scheduler.run(({ flush }) => act(flush, scheduler))
}
const info = { key: '', epoch: 0 }

describe('fakeStore', () => {
  it('answers as its marbles say, each call by its own', () => {
    run((flush, scheduler) => {
      const store = fakeStore('.| (|) # ...')
      scheduler.expectObservable(store.commit(5, info)).toBe('--|')
      flush()
      scheduler.expectObservable(store.commit(6, info)).toBe('--|')
      flush()
      expect(store.alarmOf()).toBe(6)
      scheduler
        .expectObservable(store.commit(7, info))
        .toBe('---#', undefined, new Error('commit: the call at 2 with 7 fails, as its marbles say'))
      flush()
      expect(store.calls.map(({ at, time, outcome }) => ({ at, time, outcome }))).toEqual([
        { at: 0, time: 5, outcome: 'acknowledged' },
        { at: 2, time: 6, outcome: 'acknowledged' },
        { at: 2, time: 7, outcome: 'failed' },
      ])
      expect(store.alarmOf()).toBe(6)
      const pending = store.commit(8, info).subscribe()
      flush()
      expect(store.calls[3]).toMatchObject({ outcome: 'pending', subscriptions: 1, marks: [] })
      pending.unsubscribe()
      expect(store.calls[3]).toMatchObject({ outcome: 'unsubscribed', marks: [{ at: 3, marks: '!' }] })
    })
  })

  it('answers with its last answer from there on', () => {
    run((flush) => {
      const store = fakeStore('# |')
      for (const time of [1, 2, 3]) {
        store.commit(time, info).subscribe({ error: () => {} })
        flush()
      }
      expect(store.calls.map(({ outcome }) => outcome)).toEqual(['failed', 'acknowledged', 'acknowledged'])
    })
  })

  it('throws synchronously', () => {
    run(() => {
      const store = fakeStore('(*)')
      expect(() => store.commit(5, info)).toThrow('commit: the call at 0 with 5 fails, as its marbles say')
      expect(store.calls[0]).toMatchObject({ outcome: 'threw', subscriptions: 0 })
    })
  })

  it.each([
    ['applied, and the caller sees an error', '+.#', 1, 'failed', '+ #'],
    ['applied, and never acknowledged', '+..', 1, 'pending', '+'],
    ['applied late', '#~~+', 4, 'failed', '# +'],
    ['applied in the column of the error, before it', '.(+#)', 2, 'failed', '+#'],
  ])('%s', (_, script, appliedAt, outcome, marks) => {
    run((flush, scheduler) => {
      const store = fakeStore(script, { alarm: 1 })
      store.commit(5, info).subscribe({ error: () => {} })
      const seen: unknown[] = []
      scheduler.schedule(() => seen.push(store.alarmOf()), appliedAt - 1)
      flush()
      expect(seen).toEqual([1])
      expect(store.alarmOf()).toBe(5)
      expect(store.calls[0]?.outcome).toBe(outcome)
      expect(store.calls[0]?.marks.map(({ marks }) => marks).join(' ')).toBe(marks)
    })
  })

  it('tells what it may come to hold', () => {
    run((flush, scheduler) => {
      const store = fakeStore('.#~+ .#', { alarm: 1 })
      const seen: unknown[] = []
      const look = () => seen.push(store.mayHold())
      store.commit(5, info).subscribe({ error: () => {} })
      look()
      scheduler.schedule(look, 2)
      flush()
      look()
      store.commit(9, info).subscribe({ error: () => {} })
      look()
      flush()
      look()
      expect(seen).toEqual([[1, 5], [1, 5], [5], [5, 9], [5]])
    })
  })

  it('applies what is on its way though nobody waits for it any more', () => {
    run((flush) => {
      const store = fakeStore('..|')
      store.commit(5, info).subscribe().unsubscribe()
      expect(store.alarmOf()).toBe(null)
      flush()
      expect(store.alarmOf()).toBe(5)
      expect(store.calls[0]?.marks).toEqual([
        { at: 0, marks: '!' },
        { at: 3, marks: '+' },
      ])
    })
  })

  it('tells nothing to one who has gone', () => {
    run((flush) => {
      const store = fakeStore('..#')
      store.commit(5, info).subscribe().unsubscribe()
      flush()
      expect(store.calls[0]).toMatchObject({ outcome: 'unsubscribed', marks: [{ at: 0, marks: '!' }] })
      expect(store.mayHold()).toEqual([null])
    })
  })

  it('lets a commit begin while one that nobody waits for is on its way', () => {
    const faults: string[] = []
    run((flush) => {
      const store = fakeStore('#~~~+ ..| (|)', { fault: (message) => faults.push(message) })
      const next = () => store.commit(6, info).subscribe().unsubscribe()
      store.commit(5, info).subscribe({ error: next })
      flush()
      store.commit(7, info).subscribe()
      expect(store.calls.map(({ outcome }) => outcome)).toEqual(['failed', 'unsubscribed', 'acknowledged'])
    })
    expect(faults).toEqual([])
  })

  it('refuses the commit of an epoch that is over', () => {
    run((flush, scheduler) => {
      const store = fakeStore('..|', { alarm: 1 })
      expect(store.open()).toBe(0)
      const commit$ = store.commit(5, { key: '', epoch: 0 })
      scheduler
        .expectObservable(commit$)
        .toBe('---#', undefined, new Error('Epoch 0 is over: the actor was opened again'))
      expect(store.open()).toBe(1)
      expect(store.mayHold()).toEqual([1])
      flush()
      expect(store.alarmOf()).toBe(1)
      expect(store.calls[0]?.outcome).toBe('fenced')
    })
  })

  it('fails the test when two commits of one key are under way', () => {
    expect(() =>
      run((flush) => {
        const store = fakeStore('...')
        store.commit(5, info).subscribe()
        store.commit(6, { key: 'other', epoch: 0 }).subscribe()
        flush()
        store.commit(7, info).subscribe()
        flush()
      }),
    ).toThrow(
      new MarblesError(
        'MARBLES_FAULT',
        'commit: the call at 0 with 7 begins while the call at 0 with 5 is pending',
      ),
    )
  })

  it('fails the test when what it returned is subscribed twice', () => {
    const faults: string[] = []
    run((flush) => {
      const commit$ = fakeStore('.|', { fault: (message) => faults.push(message) }).commit(5, info)
      commit$.subscribe()
      commit$.subscribe()
      flush()
    })
    expect(faults).toEqual(['commit: the call at 0 with 5 is subscribed 2 times'])
  })

  it('serves an alarm as its store', () => {
    run((flush) => {
      const store = fakeStore('.|')
      const alarm = openAlarm({ commit: store.commit, write: () => [], reconcile: false })
      alarm.set(60_000)
      expect(store.alarmOf()).toBe(null)
      flush()
      expect(store.alarmOf()).toBe(60_000)
    })
  })

  it('points at what it cannot read in a script', () => {
    expect(() => fakeStore('.| .>')).toThrow(
      'Line 1, character 5: expected . while pending, then | or # or ! or / or +, or ~ and + or / once the caller has gone; ' +
        'a synchronous answer stands in a group, as (5|).\n\n  1 | .| .>\n    |     ^',
    )
    expect(() => fakeStore('.||')).toThrow('Line 1, character 3')
  })
})
