import fc from 'fast-check'
import {
  isPending,
  kindOf,
  type Lane,
  type LaneName,
  laneKinds,
  type Moment,
  type Scenario,
  type Span,
} from '../../src/marbles/scenario/format.ts'
import { layOut } from '../../src/marbles/scenario/lay-out.ts'

/** How a call of each lane may go, moment by moment; `t` stands for any time. */
const calls: Partial<Record<LaneName, string[]>> = {
  commit: [
    't',
    't |',
    't + |',
    't + #',
    't #',
    't # +',
    't # /',
    't ! +',
    't /',
    't|',
    't#',
    't*',
    't+',
    't+ |',
    't +#',
  ],
  write: ['t', 't |', 't + !', 't + #', 't !', 't ! /', 't /', 't#+', 't|', 't/', 't*', 't+', 't+ #', 't #+'],
  handler: ['t', 't |', 't #', 't !', 't t |', 't tt|', 'tt|', 't*', 't t t'],
  wake: ['t', 't |', 't >', 't #', 't %', 't !', 't|'],
  held: ['^', '^ !', '^!'],
  confirmed: ['?', '? |', '? #', '?|'],
  drained: ['?', '? |', '? !', '?#'],
}

const line = fc
  .array(fc.constantFrom('a', 'B', '7', '-', '|', '#', '  ', ' ', 'ü', '5.|', ':', '"'), { maxLength: 8 })
  .map((parts) => parts.join('').trim())
const sentence = line.filter((text) => text !== '')
const seconds = fc.oneof(fc.nat(10_000), fc.constant(0.5), fc.constant(2.25))

function spansOf(name: LaneName, times: string): fc.Arbitrary<Span[]> {
  const { marks } = kindOf(name)
  const mark = fc.constantFrom(
    ...[...marks].flatMap((one) => (one === 't' ? [...times] : one === 'v' ? ['a', 'Z', '3'] : [one])),
  )
  const patterns = calls[name]
  if (patterns === undefined) {
    const group = fc.array(mark, { minLength: 1, maxLength: 3 }).map((group) => group.join(''))
    const spans = fc.uniqueArray(fc.tuple(fc.nat(20), group), { selector: ([at]) => at, maxLength: 6 })
    return spans.map((list) => list.toSorted(([a], [b]) => a - b).map(([at, marks]) => [{ at, marks }]))
  }
  const call = fc.tuple(
    fc.nat(20),
    fc.constantFrom(...patterns),
    fc.array(fc.nat(4), { minLength: 3, maxLength: 3 }),
    fc.array(fc.constantFrom(...times), { minLength: 4, maxLength: 4 }),
  )
  return fc.array(call, { maxLength: 5 }).map((list) =>
    list
      .map(([start, pattern, gaps, chosen]) => {
        const next = chosen.values()
        let at = start
        return pattern.split(' ').map((marks, i): Moment => {
          const moment = { at, marks: marks.replaceAll('t', () => next.next().value!) }
          at += (marks.length === 1 ? 1 : marks.length + 2) + gaps[i % 3]!
          return moment
        }) as unknown as Span
      })
      .toSorted((a, b) => a[0].at - b[0].at),
  )
}

/** Any scenario that can be drawn. Nothing says that an alarm would behave so. */
export const arbitraryScenario: fc.Arbitrary<Scenario> = fc
  .record(
    {
      title: sentence,
      from: sentence,
      alarm: fc.constantFrom('x', '0', '7'),
      manager: fc.constantFrom('x', '1'),
      where: fc.dictionary(fc.constantFrom('a', 'q', 'Z'), seconds, { minKeys: 1 }),
      clock: seconds,
      column: fc.integer({ min: 1, max: 5000 }),
      fence: fc.constant('none' as const),
      retry: fc.array(fc.nat(99), { maxLength: 4 }),
      timeout: fc.integer({ min: 1, max: 5000 }),
      reconcile: fc.constant(true as const),
      broken: fc.constantFrom('ALARM_COMMIT_FAILED', 'X'),
      notes: fc.array(line, { maxLength: 3 }),
      names: fc.shuffledSubarray(Object.keys(laneKinds) as LaneName[], { minLength: 1, maxLength: 6 }),
      room: fc.nat(3),
    },
    { requiredKeys: ['title', 'alarm', 'notes', 'names', 'room'] },
  )
  .chain(({ names, room, ...header }) => {
    const times = `x059${Object.keys(header.where ?? {}).join('')}`
    return fc.tuple(...names.map((name) => spansOf(name, times))).chain((spans) => {
      const drawn = names.map((name, i) => ({ name, spans: spans[i]! }))
      const columns = Math.max(1, ...drawn.flatMap((lane) => layOut(lane, 0).map((row) => row.length))) + room
      const lanes = drawn.map((lane) => {
        const rows = layOut(lane, columns).length
        const comments = fc.array(line, { minLength: rows, maxLength: rows })
        return comments.map((comments): Lane => ({ ...lane, comments }))
      })
      return fc.tuple(...lanes).map((lanes) => ({ ...header, columns, lanes }))
    })
  })

/** Whether a call of the scenario is pending where the ruler ends. */
export const hasOpenCall = ({ lanes }: Scenario): boolean =>
  lanes.some(
    ({ name, spans }) =>
      kindOf(name).whole && spans.some((span) => isPending(span.map(({ marks }) => marks).join(''))),
  )
