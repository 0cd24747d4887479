import { openAlarm, type Wakeup } from 'nolater'
import type { OpenActor } from 'nolater/vitest'
import 'nolater/vitest'
import { timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { completeScenario } from '../../src/vitest/complete-scenario.ts'
import { openCart } from './cart.ts'
import { complaintOf } from './complaint.ts'
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

  it('compares the first play when it is read, and says how to write it', async () => {
    const stateful = `import 'nolater/vitest'
import { openAlarm } from 'nolater'
import { expect, test } from 'vitest'
test('counts', () => {
  let times = 0
  const open = (config) => {
    const alarm = openAlarm(config)
    return { alarm, go: () => alarm.set(++times === 1 ? 1_000 : 5_000) }
  }
  expect(open).toMatchMarblesInlineSnapshot(\`
    title     counts
    alarm     none
    where     g = go

    ask       g---
    commit    -5|-
    write     5|--
  \`)
})
test('is partly written', () => {
  expect(openAlarm).toMatchMarblesInlineSnapshot(\`ask   5---2---\`)
})
test('is not asked for what the manager holds', () => {
  expect(openAlarm).toMatchMarblesInlineSnapshot(\`
    title     is not asked for what the manager holds
    alarm     1
    clock     5

    wake      3>
    write     1|
  \`)
})
`
    const { failures } = await runVitest(stateful)
    expect(failures.get('counts')).toContain('- write    5|--    expected\n+ write    1|--    seen')
    expect(failures.get('is partly written')).toContain('npx vitest run FILE -u')
    expect(failures.get('is not asked for what the manager holds')).toContain(
      'wake 3, but the manager holds 1',
    )
    const { file, failures: refused } = await runVitest(stateful, '-u')
    expect(refused.get('counts')).toContain('the actor behaved differently when it was opened again')
    expect([...refused.keys()]).toEqual(['counts', 'is not asked for what the manager holds'])
    expect(file).toContain('    commit    -5|--2|-')
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

  it('needs no end of a wake, and writes how it ended', () => {
    const open: OpenActor = (config) => {
      const alarm = openAlarm(config)
      let times = 0
      const deliver = (wakeup: Wakeup) =>
        alarm.deliver(wakeup, () => (times++ === 0 ? [alarm.set(2_000)] : []))
      return { alarm, deliver }
    }
    const text = (wake: string) => `alarm   1\nclock   1\ncolumn  500 ms\n\nwake    ${wake}\nwrite   -2|-----`
    const whole = `title     it ends
alarm     1
clock     1
column    500 ms

wake      1.|-2|--
commit    2|--x|--
write     -2|-----`
    for (const bare of ['1---2--', '1---2', '1---2|'])
      expect(completeScenario(open, text(bare), 'it ends')).toBe(whole)
    expect(complaintOf(() => expect(open).toMatchMarbles(text('1---2--')))).toContain('. while it is handled')
    for (const wrong of ['1.--2--', '1---2.-'])
      expect(() => completeScenario(open, text(wrong), 'it ends')).toThrow('. while it is handled')
    expect(() => completeScenario(open, `${text('1---2')}\ncommit  2--`, 'it ends')).toThrow(
      '. while pending',
    )
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

  it('does not keep what would be different at the next play', () => {
    let times = 0
    const open: OpenActor = (config) => {
      const alarm = openAlarm(config)
      return { alarm, go: () => alarm.set(++times <= 2 ? 1_000 : 5_000) }
    }
    const text = 'where   g = go\nask     gg----'
    expect(() => completeScenario(open, text, 'mine')).toThrow(
      'the actor behaved differently when it was opened again: keep its state inside the function that opens it, or in config.store',
    )
    expect(() => completeScenario(open, text, 'mine')).not.toThrow() // from here on it is always the same
    let count = 0
    const reopened: OpenActor = ({ store, ...config }) => {
      count++
      store.set('count', Number(store.get('count') ?? 0) + 1)
      const alarm = openAlarm(config)
      return { alarm, go: () => alarm.set(Number(store.get('count')) * 1_000) }
    }
    const crash = completeScenario(reopened, 'where   g = go\nlife    ^----!^---\nask     g-----g---', 'mine')
    expect(crash).toContain('write     1|-----2|-')
    expect(count).toBe(4)
  })

  it('goes on with what is held, to the end of the last answer', () => {
    const whole = completeScenario(openAlarm, 'alarm   1\nask     9\nstore   1\nmanager 1\nreads   1', 'held')
    expect(whole).toBe(`title     held
alarm     1

ask       9--
store     19-
manager   1-9
reads     9--
commit    9|-
write     -9|`)
    expect(completeScenario(openAlarm, whole, 'held')).toBe(whole)
  })

  it('does not keep what goes on and on', () => {
    const open: OpenActor = (config) => {
      const alarm = openAlarm(config)
      alarm.events$.subscribe({
        next: ({ kind }) => {
          if (kind === 'commit-acknowledged') alarm.set((alarm.time ?? 0) + 1_000)
        },
        error: () => {},
      })
      return alarm
    }
    expect(() => completeScenario(open, 'ask   5---', 'mine')).toThrow(
      'Expected the run to end; after 1000 calls of the store, the manager or the handler there are still more.',
    )
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
