import { runInNewContext } from 'node:vm'
import { EMPTY, NEVER, Observable, of, throwError } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { fromUser, runUser } from '../../src/operators/from-user.ts'
import { uncaughtDuring } from '../uncaught.ts'

const boom = new Error('boom')
const notAnInput = (name: string) => ({
  code: 'ALARM_RETURN_INVALID',
  message: `${name} must return an Observable, a promise or an iterable (EMPTY when done at once); it returned 5.`,
  cause: expect.any(TypeError),
})
const throwing = () => {
  throw boom
}

function run(call: () => unknown) {
  const seen: unknown[] = []
  const complete = () => seen.push('complete')
  const error = (error: unknown) => seen.push(error)
  return {
    seen,
    subscription: runUser('write', { call: call as () => Observable<unknown>, complete, error }),
  }
}

describe('runUser', () => {
  it.each([
    ['EMPTY', () => EMPTY],
    ['an iterable', () => []],
    ['values', () => of(1, 2)],
  ])('hears at once how %s ends', (_, call) => {
    expect(run(call).seen).toEqual(['complete'])
  })

  it('needs no subscriber for EMPTY and for a promise', async () => {
    const subscribe = vi.spyOn(EMPTY, 'subscribe')
    const promise = Promise.resolve(1)
    const then = vi.spyOn(promise, 'then')
    expect(run(() => EMPTY).subscription).toBeNull()
    expect(subscribe).not.toHaveBeenCalled()
    const { seen, subscription } = run(() => promise)
    expect(subscription).toBeNull()
    expect(then).toHaveBeenCalledExactlyOnceWith(expect.any(Function), expect.any(Function))
    expect(seen).toEqual([])
    await promise
    expect(seen).toEqual(['complete'])
  })

  it('hears how a promise fails', async () => {
    const { seen } = run(() => Promise.reject(boom))
    await Promise.resolve()
    expect(seen).toEqual([boom])
  })

  it('hears a promise of another realm', async () => {
    const promise = runInNewContext('Promise.resolve(1)')
    const { seen } = run(() => promise)
    await promise
    expect(seen).toEqual(['complete'])
  })

  it('takes what is thrown for an error', () => {
    expect(run(throwing).seen).toEqual([boom])
    expect(run(() => throwError(() => boom)).seen).toEqual([boom])
  })

  it('refuses what cannot be subscribed', () => {
    expect(run(() => 5).seen).toEqual([expect.objectContaining(notAnInput('write'))])
  })

  it('refuses what throws when it is asked what it is', () => {
    const odd = new Proxy({}, { getPrototypeOf: throwing })
    expect(run(() => odd).seen).toEqual([expect.objectContaining({ code: 'ALARM_RETURN_INVALID' })])
  })

  it('reports what a teardown throws after the end, and that is all', async () => {
    const ended = () =>
      new Observable((subscriber) => {
        subscriber.complete()
        return throwing
      })
    const seen: unknown[] = []
    const uncaught = await uncaughtDuring(() => {
      seen.push(...run(ended).seen)
    })
    expect([seen, uncaught]).toEqual([['complete'], [boom]])
  })

  it('returns what stops it', () => {
    const torn = vi.fn()
    const { seen, subscription } = run(() => new Observable(() => torn))
    subscription?.unsubscribe()
    expect(torn).toHaveBeenCalledTimes(1)
    expect(seen).toEqual([])
    expect(run(() => NEVER).subscription?.closed).toBe(false)
  })
})

describe('fromUser', () => {
  it('calls at once and passes everything on', () => {
    const seen: unknown[] = []
    fromUser('project', () => of(1, 2)).subscribe((value) => seen.push(value))
    expect(seen).toEqual([1, 2])
  })

  it('makes what is thrown, and what cannot be subscribed, an error notification', () => {
    const error = vi.fn()
    fromUser('project', throwing).subscribe({ error })
    expect(error).toHaveBeenLastCalledWith(boom)
    fromUser('project', () => 5 as never).subscribe({ error })
    expect(error).toHaveBeenLastCalledWith(expect.objectContaining(notAnInput('project')))
  })
})
