import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MarblesError, parseMarbles, printMarbles } from '../../src/marbles/index.ts'
import { arbitraryScenario, hasOpenCall } from './arbitrary-scenario.ts'

const text = `title     an earlier move waits
from      S38 "does not race"
alarm     1

ask       5---2-----------
commit    5.|------2.|----    never before the manager has it
write     --5....|--------
                 2.|          the second

# Nothing is parked.
`

describe('parseMarbles', () => {
  it('reads a scenario', () => {
    expect(parseMarbles(text)).toEqual({
      title: 'an earlier move waits',
      from: 'S38 "does not race"',
      alarm: '1',
      columns: 16,
      lanes: [
        { name: 'ask', spans: [[{ at: 0, marks: '5' }], [{ at: 4, marks: '2' }]], comments: [''] },
        {
          name: 'commit',
          spans: [
            [
              { at: 0, marks: '5' },
              { at: 2, marks: '|' },
            ],
            [
              { at: 9, marks: '2' },
              { at: 11, marks: '|' },
            ],
          ],
          comments: ['never before the manager has it'],
        },
        {
          name: 'write',
          spans: [
            [
              { at: 2, marks: '5' },
              { at: 7, marks: '|' },
            ],
            [
              { at: 7, marks: '2' },
              { at: 9, marks: '|' },
            ],
          ],
          comments: ['', 'the second'],
        },
      ],
      notes: ['Nothing is parked.'],
    })
  })

  it.each([
    ['a synchronous answer', '(5|)', [[{ at: 0, marks: '5|' }]]],
    ['one that throws', '-(5*)', [[{ at: 1, marks: '5*' }]]],
    ['one that never comes', '5...', [[{ at: 0, marks: '5' }]]],
    [
      'applied without a word',
      '5+.#',
      [
        [
          { at: 0, marks: '5' },
          { at: 1, marks: '+' },
          { at: 3, marks: '#' },
        ],
      ],
    ],
    [
      'applied late',
      '5.#~+',
      [
        [
          { at: 0, marks: '5' },
          { at: 2, marks: '#' },
          { at: 4, marks: '+' },
        ],
      ],
    ],
    [
      'late and refused',
      '5!~/',
      [
        [
          { at: 0, marks: '5' },
          { at: 1, marks: '!' },
          { at: 3, marks: '/' },
        ],
      ],
    ],
    [
      'calls that touch',
      '5.|x|',
      [
        [
          { at: 0, marks: '5' },
          { at: 2, marks: '|' },
        ],
        [
          { at: 3, marks: 'x' },
          { at: 4, marks: '|' },
        ],
      ],
    ],
  ])('reads %s', (_, marks, spans) => {
    expect(parseMarbles(`title  t\n\nwrite  ${marks}`).lanes[0]?.spans).toEqual(spans)
  })

  it('takes all marks of a column as one group, whatever rows they stand in', () => {
    const [ask] = parseMarbles('title  t\n\nask    -5--\n       -2--').lanes
    expect(ask).toEqual({ name: 'ask', spans: [[{ at: 1, marks: '52' }]], comments: [''] })
    expect(parseMarbles('title  t\n\nask    --5\n       --2').columns).toBe(6)
  })

  it('reads text with Windows line ends', () => {
    expect(parseMarbles(text.replaceAll('\n', '\r\n'))).toEqual(parseMarbles(text))
  })

  it('is the inverse of printMarbles', () => {
    fc.assert(
      fc.property(arbitraryScenario, (scenario) => {
        expect(parseMarbles(printMarbles(scenario))).toEqual(scenario)
      }),
      { numRuns: 300 },
    )
  })

  it('reads canonical text so that printing it gives the same text', () => {
    fc.assert(
      fc.property(arbitraryScenario, (scenario) => {
        const canonical = printMarbles(scenario)
        expect(printMarbles(parseMarbles(canonical))).toBe(canonical)
      }),
      { numRuns: 100 },
    )
  })

  it('refuses or reads any text, and throws nothing else', () => {
    const broken = fc.tuple(
      arbitraryScenario,
      fc.nat(),
      fc.constantFrom('', ' ', '-', '5', '|', '(', ')', '~', '\n', 'q'),
    )
    fc.assert(
      fc.property(broken, ([scenario, place, mark]) => {
        const canonical = printMarbles(scenario)
        const at = place % canonical.length
        try {
          const read = parseMarbles(canonical.slice(0, at) + mark + canonical.slice(at + 1))
          expect(parseMarbles(printMarbles(read))).toEqual(read)
        } catch (error) {
          expect(error).toBeInstanceOf(MarblesError)
          expect(error).toHaveProperty('code', 'MARBLES_INVALID')
        }
      }),
      { numRuns: 500 },
    )
  })

  it('refuses a pending call that stops before the ruler does', () => {
    const open = arbitraryScenario.filter(hasOpenCall)
    fc.assert(
      fc.property(open, (scenario) => {
        const longer = `${printMarbles({ ...scenario, notes: [] })}rival     ${'-'.repeat(scenario.columns + 9)}\n`
        fc.pre(!scenario.lanes.some(({ name }) => name === 'rival'))
        expect(() => parseMarbles(longer)).toThrow(/expected/)
      }),
      { numRuns: 30 },
    )
  })
})

describe('parseMarbles reads durations', () => {
  const header = (line: string) => parseMarbles(`title     t\n${line}\n\nask       5---`)

  it('with their unit, seconds where there is none', () => {
    expect(header('where     a = 30s, b = 30 s, c = 30, d = 5005 ms, e = 1.5m, f = 1.08 m').where).toEqual({
      a: 30,
      b: 30,
      c: 30,
      d: 5.005,
      e: 90,
      f: 64.8,
    })
    expect(header('clock     5 s').clock).toBe(5)
    expect(header('column    1 s').column).toBe(1_000)
    expect(header('column    2s').column).toBe(2_000)
    expect(header('column    1 m').column).toBe(60_000)
    expect(header('column    250ms').column).toBe(250)
  })

  it('without rounding, whatever their fraction', () => {
    for (const [written, ms] of [
      ['32.2s', 32_200],
      ['1.005', 1_005],
      ['4.1m', 246_000],
      ['8.2 s', 8_200],
    ])
      expect(header(`where     a = ${written}`).where).toEqual({ a: (ms as number) / 1_000 })
  })

  it('and prints them in the one canonical form', () => {
    const text = printMarbles(parseMarbles('title t\nwhere a = 30s\nclock 1 m\ncolumn 1 s\nask 5---'))
    expect(text).toContain('where     a = 30\nclock     60\ncolumn    1000 ms\n')
  })
})

describe('parseMarbles points at what it cannot read', () => {
  const lines = (...written: string[]): string => ['title     t', 'alarm     1', '', ...written].join('\n')

  it('with a caret', () => {
    expect(() => parseMarbles(lines('ask       5---', 'write     --q.|'))).toThrow(
      new MarblesError(
        'MARBLES_INVALID',
        [
          'Line 5, character 13: expected a time (0-9, x for none, or a letter that `where` defines, as a = 10; of an actor also ' +
            'a method, as t = touch), or - for nothing, in write (the manager).',
          '',
          '  5 | write     --q.|',
          '    |             ^',
        ].join('\n'),
      ),
    )
  })

  it.each([
    ['an unknown mark', ['ask       5-?-'], 4, 13, 'a time'],
    ['a letter without its time', ['ask       5-a-'], 4, 13, 'a letter that `where` defines'],
    ['a call that stops', ['write     5.--'], 4, 13, '. while pending'],
    [
      'a call pending at the end of a short row',
      ['ask       5-----', 'write     5..'],
      5,
      14,
      '. to the end of the ruler',
    ],
    ['an answer without a call', ['write     -|--'], 4, 12, 'a time'],
    ['a handler’s mark in a write', ['write     5.>-'], 4, 13, '. while pending'],
    ['applied twice', ['write     5+.+|'], 4, 14, '. while pending'],
    ['a throw that is not synchronous', ['write     5.*-'], 4, 13, '. while pending'],
    ['a request on its way that never arrives', ['write     5#~~'], 4, 15, '. while pending'],
    ['an open group', ['write     (5|'], 4, 14, ') to close the group'],
    ['an empty group', ['ask       ()'], 4, 12, 'the marks of one column'],
    ['an unknown lane', ['asks      5---'], 4, 1, 'one of title, from'],
    ['a lane twice', ['ask       5---', 'ask       5---'], 5, 1, 'ask once'],
    ['a lane off the ruler', ['ask       5---', 'write   5.|-'], 5, 9, 'the lane to begin at character 11'],
    ['a row without a lane', ['          5---'], 4, 11, 'a name'],
    ['a lane without marks', ['ask'], 4, 4, 'marks'],
    ['one space before a remark', ['ask       5--- five'], 4, 15, 'two spaces before a remark'],
    ['a tab', ['ask\t5---'], 4, 4, 'not a tab'],
    ['no lane', [], 3, 1, 'a lane'],
  ])('%s', (_, written, line, column, expected) => {
    const place = `Line ${line}, character ${column}: expected`
    expect(() => parseMarbles(lines(...written))).toThrow(place)
    expect(() => parseMarbles(lines(...written))).toThrow(expected)
  })

  it.each([
    ['alarm     q', 2, 11, 'a time'],
    ['alarm     soon', 2, 11, 'what store and manager hold'],
    ['alarm     1, manager q', 2, 22, 'a time'],
    ['where     a=10', 2, 11, 'letters and their alarm times'],
    ['where     a = touch', 2, 11, 'in toMatchMarbles also methods of the actor, such as t = touch'],
    ['where     a = 10h', 2, 11, 'letters and their alarm times'],
    ['where     a = 1, b = 1.0005', 2, 22, 'whole milliseconds, not a fraction of one as in 1.0005'],
    ['where     a = 1.5ms', 2, 15, 'whole milliseconds'],
    ['clock     0.00001 m', 2, 11, 'whole milliseconds'],
    ['column    0 ms', 2, 11, 'what one column takes'],
    ['column    0.5 s', 2, 11, 'what one column takes'],
    ['column    500', 2, 11, 'what one column takes'],
    ['retry     2, 4', 2, 11, 'the rests between'],
    ['timeout   0 ms', 2, 11, 'after which a write or a commit is given up'],
    ['reconcile no', 2, 11, 'yes'],
    ['fence     5', 2, 11, 'none'],
    ['broken    oops', 2, 11, 'the code'],
    ['clock     -1', 2, 11, 'what the clock reads'],
    ['title     again', 2, 1, 'title once'],
    ['titel     t', 2, 1, 'one of title'],
  ])('%s', (written, line, column, expected) => {
    const place = `Line ${line}, character ${column}: expected`
    const text = `title     t\n${written}\n\nask       5---`
    expect(() => parseMarbles(text)).toThrow(place)
    expect(() => parseMarbles(text)).toThrow(expected)
  })

  it('a text without a title', () => {
    expect(() => parseMarbles('ask  5---')).toThrow(
      'Line 1, character 1: expected a line that begins with title',
    )
    expect(() => parseMarbles('')).toThrow('Line 1, character 1: expected a line that begins with title')
  })
})
