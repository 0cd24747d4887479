import { Observable, type Subscriber } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { openPipe, type Traffic } from '../../src/actor/pipe.ts'
import type { Step } from '../../src/actor/rules.ts'

/** A pipe whose calls do nothing to the traffic but what the test says. */
function open(traffic: Partial<Traffic> = {}) {
  const began: Step[] = []
  const unsubscribed: Step[] = []
  const running: Subscriber<never>[] = []
  const busy = { isWriterFree: false, isStoreFree: false, isQuiet: false, ...traffic }
  const begins = { run: (_: Step): void => {} }
  const call = (step: Step) =>
    new Observable<never>((subscriber) => {
      began.push(step)
      running.push(subscriber)
      begins.run(step)
      return () => void unsubscribed.push(step)
    })
  const failures: unknown[] = []
  const calls = { earlier: call('earlier'), commit: call('commit'), later: call('later') }
  const pipe = openPipe(busy, calls, (error) => failures.push(error))
  return {
    pipe,
    began,
    unsubscribed,
    begins,
    failures,
    /** the call that began first ends */
    end: () => running.shift()!.complete(),
    /** what is in flight changes, and the pipe looks */
    now(next: Partial<Traffic>) {
      Object.assign(busy, next)
      pipe.look()
    },
  }
}

describe('the pipe', () => {
  it('lets each step go at once where it is free', () => {
    const { pipe, began } = open({ isWriterFree: true, isStoreFree: true })
    pipe.due('earlier')
    pipe.due('commit')
    expect(began).toEqual(['earlier', 'commit'])
  })

  it('holds an earlier move while a write is in flight, and lets only the newest go', () => {
    const { pipe, began, now } = open({ isStoreFree: true })
    pipe.due('earlier')
    pipe.due('earlier')
    now({ isQuiet: false })
    expect(began).toEqual([])
    now({ isWriterFree: true })
    expect(began).toEqual(['earlier'])
  })

  it('holds a later move until all is quiet, and drops those that are superseded', () => {
    const { pipe, began, now, end } = open({ isWriterFree: true })
    pipe.due('later')
    pipe.due('later')
    now({ isStoreFree: true })
    expect(began).toEqual([])
    now({ isQuiet: true })
    expect(began).toEqual(['later'])
    end()
    now({ isQuiet: false })
    now({ isQuiet: true })
    expect(began).toEqual(['later'])
  })

  it('holds a commit while one is in flight, and what comes meanwhile shares the next', () => {
    const { pipe, began, now } = open({ isWriterFree: true })
    pipe.due('commit')
    pipe.due('commit')
    now({ isWriterFree: false })
    expect(began).toEqual([])
    now({ isStoreFree: true })
    expect(began).toEqual(['commit'])
  })

  it('makes one write at a time, also of steps that are let go together, and unsubscribes from none', () => {
    const { pipe, began, unsubscribed, now, end } = open()
    pipe.due('later')
    pipe.due('earlier')
    now({ isWriterFree: true, isQuiet: true })
    expect(began).toEqual(['earlier'])
    expect(unsubscribed).toEqual([])
    end()
    expect(began).toEqual(['earlier', 'later'])
  })

  it('looks at what is in flight when it gives the signal: what was let go a moment before counts', () => {
    const { pipe, began, begins, now, end } = open()
    pipe.due('later')
    pipe.due('earlier')
    begins.run = () => now({ isWriterFree: false, isQuiet: false })
    now({ isWriterFree: true, isQuiet: true })
    end()
    expect(began).toEqual(['earlier'])
  })

  it('says what escapes from a call, which must end in its own way', () => {
    const { pipe, begins, failures } = open({ isWriterFree: true, isStoreFree: true })
    begins.run = (step) => {
      throw new Error(step)
    }
    pipe.due('earlier')
    pipe.due('commit')
    expect(failures).toEqual([new Error('earlier'), new Error('commit')])
  })

  it('ends with all that waits in it', () => {
    const { pipe, began, now, unsubscribed } = open({ isWriterFree: true })
    pipe.due('earlier')
    pipe.due('later')
    pipe.due('commit')
    pipe.unsubscribe()
    now({ isStoreFree: true, isQuiet: true })
    expect(began).toEqual(['earlier'])
    expect(unsubscribed).toEqual(['earlier'])
  })
})
