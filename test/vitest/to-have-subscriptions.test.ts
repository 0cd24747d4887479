import 'nolater/vitest'
import type { MarbleRun, MarbleSource } from 'nolater/vitest'
import { concat, NEVER, of, take } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { complaintOf } from './complaint.ts'

/** A source that was subscribed to twice: for its first value, and until the end. */
function playedTwice(): MarbleSource<string> {
  const made: MarbleSource<string>[] = []
  expect(({ cold }: MarbleRun) => {
    const source = cold('-a-b|')
    made.push(source)
    return concat(source.pipe(take(1)), source)
  }).toMatchMarbles('-aa-b|')
  return made[0]!
}

describe('toHaveSubscriptions', () => {
  it('compares one diagram a subscription', () => {
    expect(playedTwice()).toHaveSubscriptions(['^!', '-^---!'])
    expect(playedTwice()).not.toHaveSubscriptions(['^!'])
  })

  it('shows each, and marks where they differ', () => {
    expect(
      complaintOf(() => expect(playedTwice()).toHaveSubscriptions('^-!')),
    ).toBe(`Expected the subscriptions that the diagrams say:

- ^-!    expected
+ ^!-    seen
   ^^
- (none)    expected
+ -^---!    seen
   ^   ^`)
  })

  it('takes one that goes on, and none', () => {
    const made: MarbleSource<string>[] = []
    expect(({ hot, cold }: MarbleRun) => {
      made.push(hot('-a-'), cold('|'))
      return concat(made[0]!, NEVER)
    }).toMatchMarbles('-a-')
    expect(made[0]).toHaveSubscriptions('^')
    expect(made[1]).toHaveSubscriptions([])
    expect(complaintOf(() => expect(made[1]).toHaveSubscriptions('^'))).toContain('(none)    seen')
  })

  it.each(['', '---', '^!^!', '!^', '^-a-!', '^ 10ms!'])('refuses %j', (marbles) => {
    expect(complaintOf(() => expect(playedTwice()).toHaveSubscriptions(marbles))).toMatch(
      /^(Expected one \^|Character \d)/,
    )
  })

  it('refuses what records nothing', () => {
    expect(complaintOf(() => expect(of(1)).toHaveSubscriptions([]))).toContain(
      'what cold() or hot() has made',
    )
  })
})
