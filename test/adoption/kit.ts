// The kit in a project that has this Vitest: what is a matcher of it, what it writes, what it refuses, and what its types say.
import { memoryManager, openAlarm } from 'nolater'
import { describeManager, type MarbleRun } from 'nolater/vitest'
import { delay, of } from 'rxjs'
import { expect, test } from 'vitest'

test('compares', () => {
  expect(openAlarm).toMatchMarbles(`
    ask      5---2---
    commit   -5|--2|-
    write    5|--2|--
  `)
  expect(({ cold }: MarbleRun) => cold('-a-b|').pipe(delay(2))).toMatchMarbles('---a-(b|)')
  expect(() => expect(of(1)).toMatchMarbles('a|')).toThrow('seen')
  expect(() => expect([]).toBeNeverLate()).toThrow('nothing was recorded')
})

test('writes', () => {
  expect(openAlarm).toMatchMarblesInlineSnapshot(`ask   5---2---`)
  expect(of(1)).toMatchMarblesInlineSnapshot()
  expect(['as before']).toMatchInlineSnapshot()
})

test.fails('refuses an expectation of nothing', () => {
  expect(of(1))
})

const fresh: Parameters<typeof describeManager>[1] = ({ clock, lease }) => ({
  manager: memoryManager({ scheduler: clock, lease }),
})
const cannot = { reopen: 'it forgets with its process', another: 'its memory is its own' }
describeManager('memoryManager', fresh, { cannot })

test.skip('has types', () => {
  expect(of(1)).toHaveSubscriptions(['^!'])
  // @ts-expect-error: a diagram is a text
  expect(openAlarm).toMatchMarbles(5)
  // @ts-expect-error: there is none of this name
  expect(openAlarm).toMatchMarble('ask 5|')
})
