import { openAlarm } from 'nolater'
import type { OpenActor } from 'nolater/vitest'
import { timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { completeScenario } from '../../src/vitest/complete-scenario.ts'
import { openCart } from './cart.ts'
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

test('an actor by its header', () => {
  expect(openAlarm).toMatchMarblesInlineSnapshot(\`column 1000 ms
ask 5-\`)
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

test('an actor by its header', () => {
  expect(openAlarm).toMatchMarblesInlineSnapshot(\`
    title     an actor by its header
    alarm     none
    column    1000 ms

    ask       5--
    commit    -5|
    write     5|-
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

  it('acknowledges what is not written in a life that ends, too, and in the next one', () => {
    const written = {
      'life  ^-----!---^----\nask   5--2------1----': `title     it dies
alarm     none

life      ^-----!---^----
ask       5--2------1----
commit    -5|-2|-----1|--
write     5|-2|-----1|---`,
      'life  ^-----!---^----\nask   5----2----1----': `title     it dies
alarm     none

life      ^-----!---^----
ask       5----2----1----
commit    -5|--------1|--
write     5|---2!---1|---`,
      'alarm   1\nlife    ^----!--^-------\nask     5-6-----9-------\ncommit  5...|': `title     it dies
alarm     1

life      ^----!--^-------
ask       5-6-----9-------
commit    5...|---9|------
              6!
write     ---------9|-----`,
      'alarm 1\nlife   ^------!--^!--^---\nask    5--2------7-------\ncommit 5|': `title     it dies
alarm     1

life      ^------!--^!--^---
ask       5--2------7-------
commit    5|--2|----7!------
write     -5|2|-------------`,
    }
    for (const [text, whole] of Object.entries(written)) {
      expect(completeScenario(openAlarm, text, 'it dies')).toBe(whole)
      expect(completeScenario(openAlarm, whole, 'it dies')).toBe(whole)
    }
  })

  it('keeps a call that is cut in its own column', () => {
    const open: OpenActor = (config) => {
      const alarm = openAlarm(config)
      const quit = () => {
        alarm.set(5_000)
        alarm.close()
      }
      return { alarm, quit }
    }
    const quit = completeScenario(open, 'where   q = quit\nask     q--', 'it quits')
    expect(quit).toContain('write     (5!)')
    expect(quit).not.toContain('+')
  })

  it('names the times that come up', () => {
    const text = 'where    t = touch, a = 7\nask      -t---t---a---t--'
    const whole = completeScenario(openCart, text, 'a cart')
    expect(whole).toBe(`title     a cart
alarm     none
where     t = touch, a = 7, b = 5.001, c = 5.005, d = 5.013

ask       -t---t---a---t--
commit    --b|-c|--a|---d|
write     -b|---c|--a|-d|-`)
    expect(completeScenario(openCart, whole, 'a cart')).toBe(whole)
    const many = `where   t = touch\nask     ${'-----t'.repeat(60)}`
    expect(() => completeScenario(openCart, many, 'many')).toThrow(
      'more different times than there are letters',
    )
  })

  it('does not keep what happens after its end', () => {
    const open: OpenActor = (config) => {
      const alarm = openAlarm(config)
      timer(50).subscribe(() => alarm.set(9_000))
      return alarm
    }
    expect(() => completeScenario(open, 'ask   5---', 'mine')).toThrow("after the ruler's end")
    const early = 'alarm   a\nwhere   a = 30\ncolumn  1 s\n\nwake    -----a....'
    expect(() => completeScenario(openAlarm, early, 'mine')).toThrow(
      'column 5: wake a, but the clock reads 5 s: no manager delivers a (30 s) before column 30',
    )
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
