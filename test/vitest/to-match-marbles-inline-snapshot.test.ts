import { openAlarm } from 'nolater'
import type { OpenActor } from 'nolater/vitest'
import { timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { completeScenario } from '../../src/vitest/complete-scenario.ts'
import { runVitest } from './run-vitest.ts'

const before = `import 'nolater/vitest'
import { openAlarm } from 'nolater'
import { delay, of } from 'rxjs'
import { expect, test } from 'vitest'
import { openCart } from 'cart'

test('an alarm', () => {
  expect(openAlarm).toMatchMarblesInlineSnapshot(\`ask   5---2---\`)
})

test('an actor', () => {
  expect(openCart).toMatchMarblesInlineSnapshot(\`
    where    t = touch, p = pay
    ask      t------p---
    write    5...|
  \`)
})

test('an Observable', () => {
  expect(({ cold }) => cold('-a-b|').pipe(delay(3))).toMatchMarblesInlineSnapshot()
  expect(of({ id: 1 }, 'x', { id: 1 })).toMatchMarblesInlineSnapshot()
})
`

const after = `import 'nolater/vitest'
import { openAlarm } from 'nolater'
import { delay, of } from 'rxjs'
import { expect, test } from 'vitest'
import { openCart } from 'cart'

test('an alarm', () => {
  expect(openAlarm).toMatchMarblesInlineSnapshot(\`
    title     an alarm
    alarm     none

    ask       5---2---
    commit    -5|--2|-
    write     5|--2|--
  \`)
})

test('an actor', () => {
  expect(openCart).toMatchMarblesInlineSnapshot(\`
    title     an actor
    alarm     none
    where     t = touch, p = pay

    ask       t------p---
    commit    ----5|-x|--
    write     5...|---x|-
  \`)
})

test('an Observable', () => {
  expect(({ cold }) => cold('-a-b|').pipe(delay(3))).toMatchMarblesInlineSnapshot(\`----a-(b|)\`)
  expect(of({ id: 1 }, 'x', { id: 1 })).toMatchMarblesInlineSnapshot(\`
    (axa|)
    a = {"id": 1}
  \`)
})
`

describe('toMatchMarblesInlineSnapshot', { timeout: 60_000 }, () => {
  it('is written by vitest -u', async () => {
    const { file, failures } = await runVitest(before, '-u')
    expect(Object.fromEntries(failures)).toEqual({})
    expect(file).toBe(after)
  })

  it('matches what is written', async () => {
    expect(await runVitest(after)).toEqual({ file: after, failed: false, failures: new Map() })
  })

  it('fails when the code has changed, or where a part is not written yet', async () => {
    const changed = after
      .replace('delay(3)', 'delay(4)')
      .replace("{ openCart } from 'cart'", "{ openAlarm as openCart } from 'nolater'")
      .replace('    commit    -5|--2|-\n', '')
    const { file, failures } = await runVitest(changed)
    expect(file).toBe(changed)
    expect([...failures.keys()]).toEqual(['an alarm', 'an actor', 'an Observable'])
    expect(failures.get('an alarm')).toContain('mine.test.ts:8:')
    expect(failures.get('an actor')).toContain('Expected the actor to have a method')
  })

  it('does not keep what happens after its end', () => {
    const open: OpenActor = (config) => {
      const alarm = openAlarm(config)
      timer(50).subscribe(() => alarm.set(9_000))
      return alarm
    }
    expect(() => completeScenario(open, 'ask   5---', 'mine')).toThrow("after the ruler's end")
    expect(completeScenario(openAlarm, 'ask   5---', 'mine')).toContain('commit    -5|-')
  })

  it('does not keep what is left open', async () => {
    const leaking = after.replace(
      "of({ id: 1 }, 'x', { id: 1 })",
      '({ cold }) => { const a$ = cold("-"); return new Observable((s) => { a$.subscribe(); s.complete() }) }',
    )
    const { file, failures } = await runVitest(
      leaking.replace('{ delay, of }', '{ delay, Observable }'),
      '-u',
    )
    expect(failures.get('an Observable')).toContain("left open: cold('-') is still subscribed to")
    expect(file).toContain('(axa|)')
  })
})
