import { EMPTY, Observable } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { oneByOne } from '../../src/operators/one-by-one.ts'

describe('oneByOne', () => {
  it('errors with what the choice of the next one throws, and chooses no more', () => {
    const seen: unknown[] = []
    let chosen = 0
    const choose = () => {
      if (++chosen === 2) throw new Error('no choice')
      return () => EMPTY
    }
    oneByOne(choose).subscribe({
      error: ({ message }) => seen.push(message),
      complete: () => seen.push('complete'),
    })
    expect([seen, chosen]).toEqual([['no choice'], 2])
  })

  it('stops what it has subscribed to when it is unsubscribed, and subscribes to nothing more', () => {
    const order: string[] = []
    const choose = () => () =>
      new Observable<never>(() => {
        order.push('subscribed')
        return () => order.push('unsubscribed')
      })
    oneByOne(choose).subscribe().unsubscribe()
    expect(order).toEqual(['subscribed', 'unsubscribed'])
  })
})
