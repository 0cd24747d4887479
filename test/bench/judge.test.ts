import { describe, expect, it } from 'vitest'
import { judge } from '../../bench/postgres/judge.ts'

describe('the fires of a contender on PostgreSQL', () => {
  const dueOf = (actor: number): number => 100 + actor

  it('are right where each actor has fired once, in whichever process, at its time or later', () => {
    const all = [
      { actors: [0, 2], ats: [100, 109] },
      { actors: [1], ats: [101] },
    ]
    const { at, ...rest } = judge(all, 3, dueOf)
    expect([...at]).toEqual([100, 101, 109])
    expect(rest).toEqual({ first: 100, last: 109, wrong: [] })
  })

  it.each([
    ['one never fired', [{ actors: [0], ats: [100] }], ['1 never fired']],
    [
      'two processes fired the same',
      [0, 1].map(() => ({ actors: [0], ats: [110] })),
      ['1 never fired', '1 fired twice'],
    ],
    ['one fired a millisecond early', [{ actors: [0, 1], ats: [100, 100] }], ['1 fired early']],
  ])('are wrong where %s', (_, all, wrong) => {
    expect(judge(all, 2, dueOf).wrong).toEqual(wrong)
  })
})
