import { describe, expect, it } from 'vitest'
import { parseMarbles, printMarbles } from '../../src/marbles/index.ts'

describe('printMarbles', () => {
  it('puts a diagram in order', () => {
    const untidy = `
# the last word
broken  ALARM_COMMIT_FAILED
title an earlier move waits
alarm 1, manager none
retry 2 4 ms
where a = 10, b = 20.5

write   --5....|
               a.|
commit  5.|------(2|)    in time
        ---
held    ---^...!
`
    expect(printMarbles(parseMarbles(untidy))).toBe(`title     an earlier move waits
alarm     1, manager none
where     a = 10, b = 20.5
retry     2 4 ms
broken    ALARM_COMMIT_FAILED

write     --5....|-----
                 a.|
commit    5.|------(2|)    in time
held      ---^...!-----

# the last word
`)
  })

  it('gives calls that touch rows of their own, the first that is free', () => {
    const staircase = `title     t
alarm     none

write     5...|----------
              4...|
                  3...|
`
    expect(printMarbles(parseMarbles(staircase))).toBe(`title     t
alarm     none

write     5...|---3...|--
              4...|
`)
  })

  it('makes room for the longest name', () => {
    const text = printMarbles(parseMarbles('title  t\n\nunconfirmed  5---\nask          -4--\n'))
    expect(text).toBe('title         t\nalarm         none\n\nunconfirmed   5---\nask           -4--\n')
  })

  it('draws a call that is pending to the end of the ruler', () => {
    const text = printMarbles({
      title: 't',
      alarm: '0',
      columns: 8,
      lanes: [
        {
          name: 'write',
          spans: [
            [
              { at: 2, marks: '5' },
              { at: 4, marks: '+' },
            ],
          ],
          comments: [''],
        },
      ],
      notes: [],
    })
    expect(text).toContain('write     --5.+...\n')
  })

  it('slides a mark that a group leaves no room for, rather than losing it', () => {
    const text = printMarbles({
      title: 't',
      alarm: '0',
      columns: 8,
      lanes: [
        {
          name: 'write',
          spans: [
            [
              { at: 0, marks: '5+' },
              { at: 1, marks: '|' },
            ],
          ],
          comments: [''],
        },
      ],
      notes: [],
    })
    expect(text).toContain('write     (5+)|---\n')
  })
})
