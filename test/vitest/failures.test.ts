import { beforeAll, describe, expect, it } from 'vitest'
import { runVitest, type VitestRun } from './run-vitest.ts'

const text = `import 'nolater/vitest'
import { openAlarm } from 'nolater'
import { interval, of } from 'rxjs'
import { expect, test, vi } from 'vitest'
test('differs', () => {
  expect(of('a')).toMatchMarbles('(b|)')
})
test('differs in a lane', () => {
  expect(openAlarm).toMatchMarbles(\`
    ask      5---
    commit   5|--
  \`)
})
test('cannot be read', () => {
  expect(of('a')).toMatchMarbles('(b|')
})
test('never ends', () => {
  expect(interval(1)).toMatchMarbles('---')
})
test('is late', () => {
  expect([{ kind: 'violation', at: 1, key: '', manager: 2, committed: 1 }]).toBeNeverLate()
})
test('subscriptions', () => {
  expect({ subscriptions: [] }).toHaveSubscriptions('^')
})
test('no matcher', () => {
  expect(of('a'))
  expect(1).toBe(1)
})
test('no matcher, after an await', async () => {
  expect(1).toBe(1)
  await null
  expect(() => of('a'))
})
test.concurrent('no matcher, concurrently', async ({ expect }) => {
  await null
  expect(of('a'))
})
test('no call', () => {
  expect(of('a')).toMatchMarbles
})
test('no call, negated', () => {
  expect(of('a')).not.toMatchMarbles
})
test('no call, of an inline snapshot', () => {
  expect(() => of('a')).toMatchMarblesInlineSnapshot
})
test('awaited', async () => {
  await expect(of('a'))
})
test('is all right', () => {
  expect(of('a')).toMatchMarbles('(a|)')
  expect(of('a')).not.toMatchMarbles('(b|)')
  expect(() => {}).not.toThrow()
  expect(() => {}).to.be.a('function')
  expect(() => {}).to.be.an.instanceof(Function)
  expect(() => {}).to.exist
  expect(() => {}).not.to.be.a('string')
  expect(vi.fn()).not.toHaveBeenCalled()
  expect(of(1)).toBeDefined()
  expect({})
})
test('softly', () => {
  expect.soft(of('a')).toMatchMarbles('(b|)')
})
`
const lines: Readonly<Record<string, number>> = {
  differs: 6,
  'differs in a lane': 9,
  'cannot be read': 15,
  'never ends': 18,
  'is late': 21,
  subscriptions: 24,
  'no matcher': 27,
  'no matcher, after an await': 33,
  'no matcher, concurrently': 37,
  'no call': 40,
  'no call, negated': 43,
  'no call, of an inline snapshot': 46,
  awaited: 49,
  softly: 64,
}

describe('a test that fails', () => {
  let run: VitestRun
  beforeAll(async () => {
    run = await runVitest(text)
  })

  it('is one that should', () => {
    expect([...run.failures.keys()].sort()).toEqual(Object.keys(lines).sort())
  })

  it.each(Object.entries(lines))("points at the expectation's own line: %s", (title, line) => {
    const stack = run.failures
      .get(title)!
      .split('\n')
      .filter((text) => /^\s+at /.test(text))
    const own = stack.find((frame) => !frame.includes('node_modules'))
    expect(own).toContain(`mine.test.ts:${line}:`)
  })

  it('says that a matcher is missing', () => {
    for (const title of Object.keys(lines).filter((title) => /^no |^awaited/.test(title)))
      expect(run.failures.get(title)).toContain('Expected a matcher')
  })
})
