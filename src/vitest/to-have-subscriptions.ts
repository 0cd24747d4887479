import type { MatcherState } from 'vitest'
import { MarblesError } from '../marbles/index.ts'
import { lineUp } from './line-up.ts'
import type { SubscriptionLog } from './marble-sources.ts'
import { type Diagram, kinds, type Mark, readDiagram } from './read-diagram.ts'
import { atTheExpectation, type Verdict, verdict } from './verdict.ts'

/** `expect(source).toHaveSubscriptions(diagrams)`; see `MarbleMatchers`. */
export function toHaveSubscriptions(
  this: MatcherState,
  source: unknown,
  marbles: string | readonly string[],
): Verdict {
  return atTheExpectation(toHaveSubscriptions, () => {
    const logs = logsOf(source)
    if (logs === null)
      throw new MarblesError(
        'MARBLES_INVALID',
        `Expected what cold() or hot() has made, which records its subscriptions; given ${this.utils.stringify(source)}.`,
      )
    const expected = (typeof marbles === 'string' ? [marbles] : marbles).map(readSubscription)
    const seen = logs.map(drawLog)
    const count = Math.max(expected.length, seen.length)
    const nothing: Diagram = { marks: [], length: 0 }
    const pairs = Array.from({ length: count }, (_, i) => {
      const { rows, carets } = lineUp([expected[i] ?? nothing, seen[i] ?? nothing])
      const [wanted, was] = [expected[i] ? rows[0] : '(none)', seen[i] ? rows[1] : '(none)']
      return carets === '' ? `  ${wanted}` : `- ${wanted}    expected\n+ ${was}    seen\n  ${carets}`
    })
    const isSame = pairs.every((pair) => !pair.includes('\n'))
    return verdict(
      isSame ? '' : `Expected the subscriptions that the diagrams say:\n\n${pairs.join('\n')}`,
      'it was subscribed to as the diagrams say.',
    )
  })
}

function logsOf(source: unknown): readonly SubscriptionLog[] | null {
  const { subscriptions } = (source ?? {}) as { subscriptions?: unknown }
  return Array.isArray(subscriptions) ? subscriptions : null
}

function readSubscription(text: string): Diagram {
  const diagram = readDiagram(text, kinds.subscription)
  const written = diagram.marks.map(({ mark }) => mark).join('')
  if (written !== '^' && written !== '^!')
    throw new MarblesError(
      'MARBLES_INVALID',
      `Expected one ^ where it is subscribed to and at most one ! where that ends; given ${JSON.stringify(text)}. ` +
        'For several subscriptions give several diagrams, for none give [].',
    )
  return diagram
}

function drawLog({ subscribedFrame, unsubscribedFrame }: SubscriptionLog): Diagram {
  const end: Mark[] = unsubscribedFrame === Infinity ? [] : [{ at: unsubscribedFrame, mark: '!' }]
  return { marks: [{ at: subscribedFrame, mark: '^' }, ...end], length: 0 }
}
