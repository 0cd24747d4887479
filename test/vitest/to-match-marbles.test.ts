import 'nolater/vitest'
import { type Alarm, openAlarm } from 'nolater'
import type { ConfigUnderTest, MarbleRun, OpenActor } from 'nolater/vitest'
import { concat, debounceTime, delay, EMPTY, interval, map, of, Subject, throwError, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { openCart } from './cart.ts'
import { complaintOf } from './complaint.ts'

describe('toMatchMarbles, of an Observable', () => {
  it('plays it in virtual time, on the default scheduler too', () => {
    expect(({ cold }: MarbleRun) => cold('-a-b|').pipe(delay(2))).toMatchMarbles('---a-(b|)')
    expect(({ hot }: MarbleRun) => hot('-ab---c|').pipe(debounceTime(2))).toMatchMarbles('----b--(c|)')
    expect(timer(3_600_000)).toMatchMarbles('60m (0|)', { 0: 0 })
    expect(({ time, scheduler }: MarbleRun) => timer(time('1s |'), scheduler)).toMatchMarbles('1s (a|)', {
      a: 0,
    })
    expect(EMPTY).toMatchMarbles('|')
    expect(new Subject()).toMatchMarbles('-')
  })

  it('leaves where ! is', () => {
    expect(interval(2)).toMatchMarbles('--a-b-!', { a: 0, b: 1 })
    expect(of('a')).toMatchMarbles('(a|)')
    const over = complaintOf(() => expect(({ cold }: MarbleRun) => cold('-a|')).toMatchMarbles('-a--!'))
    expect(over).toContain('+ -a|--    seen') // it had ended before anybody could leave
  })

  it('compares values as toEqual does, asymmetric ones too', () => {
    const values = { a: { id: 1 }, b: expect.objectContaining({ id: 2 }) }
    expect(of({ id: 1 }, { id: 2, more: true })).toMatchMarbles('(ab|)', values)
    expect(of(1, 1)).toMatchMarbles('(ba|)', { a: 1, b: 1 }) // where two letters mean the same, either is right
    expect(throwError(() => new RangeError('no'))).toMatchMarbles('#', { '#': new RangeError('no') })
    expect(({ cold }: MarbleRun) => cold('-#')).toMatchMarbles('-#')
    expect(({ cold }: MarbleRun) =>
      cold('a|', { a: { id: 1 } }).pipe(map(({ id }) => id + 1)),
    ).toMatchMarbles('b|', {
      b: 2,
    })
  })

  it('shows expected and seen lined up, and marks where they differ', () => {
    const late = () => expect(({ cold }: MarbleRun) => cold('-a-b|').pipe(delay(2))).toMatchMarbles('---ab-|')
    expect(complaintOf(late)).toBe(`Expected what the diagram says:

- ---ab-   |    expected
+ ---a-(b|)-    seen
      ^^^^^^`)
  })

  it('lines up what is far apart', () => {
    const far = () =>
      expect(concat(timer(5_000), timer(120_000).pipe(map(() => 1)))).toMatchMarbles('5s a 2m (b|)', {
        a: 0,
        b: 1,
      })
    expect(complaintOf(far)).toBe(`Expected what the diagram says:

-  5s a 119999ms -   (b|)    expected
+  5s a 119999ms (b|)-       seen
                 ^^^^^^^^`)
  })

  it('says what a value was that has no letter', () => {
    const wrong = complaintOf(() => expect(of({ id: 3 })).toMatchMarbles('(a|)', { a: { id: 1 } }))
    expect(wrong).toContain('- (a|)    expected\n+ (?|)    seen\n  ^^^^')
    expect(wrong).toContain('? at 0 ms: the value {"id": 3}')
    const error = complaintOf(() => expect(throwError(() => new TypeError('oh'))).toMatchMarbles('#'))
    expect(error).toContain('? at 0 ms: not "error", which # stands for, but the error [TypeError: oh]')
    expect(error).toContain(`\nGive it with the diagram: { '#': new TypeError("oh") }`)
  })

  it('needs no letters for the sake of an error, and says what to write for it', () => {
    class Own extends Error {
      constructor(more: number) {
        super(`mine${'!'.repeat(more)}`)
      }
    }
    const of_ = (error: unknown) => () =>
      concat(
        of('a'),
        throwError(() => error),
      )
    const values = (error: unknown) =>
      complaintOf(() => expect(of_(error)).toMatchMarbles('(a#)')).match(
        /Give it with the diagram: (.*)/,
      )?.[1]
    expect(values(new TypeError('oh'))).toBe(`{ '#': new TypeError("oh") }`)
    expect(of_(new TypeError('oh'))).toMatchMarbles('(a#)', { '#': new TypeError('oh') })
    expect(of_(new TypeError('oh'))).not.toMatchMarbles('(b#)', { '#': new TypeError('oh') })
    expect(values(new Own(1))).toBe(`{ '#': expect.objectContaining({ message: "mine!" }) }`)
    expect(of_(new Own(1))).toMatchMarbles('(a#)', { '#': expect.objectContaining({ message: 'mine!' }) })
    expect(values({ code: 5 })).toBe(`{ '#': {"code": 5} }`)
    const shared = { '#': 5 }
    for (const source of ['cold', 'hot'] as const)
      expect((run: MarbleRun) => run[source]('-a#', shared, 5)).toMatchMarbles('-a#', shared)
  })

  it('can be negated, except where the diagram cannot be read', () => {
    expect(of('a')).not.toMatchMarbles('(b|)')
    expect(complaintOf(() => expect(of('a')).not.toMatchMarbles('(a|)'))).toContain('Expected otherwise')
    expect(complaintOf(() => expect(of('a')).not.toMatchMarbles('(a|'))).toContain(') to close the group')
  })

  it('lets the error of the user through', () => {
    const throwing = () => {
      throw new RangeError('mine')
    }
    expect(() => expect(throwing).toMatchMarbles('|')).toThrow(RangeError)
  })

  it.each([
    ['-a|b', 4, 'nothing after |'],
    ['-(a', 4, ') to close the group'],
    ['-a)', 3, '( before )'],
    ['-()', 3, 'the marks of one moment'],
    ['-(a-b)', 4, 'time does not pass'],
    ['-(a(b))', 4, 'a group holds no group'],
    ['-a^', 3, 'a value, | complete'],
    ['-a?', 3, 'a value, | complete'],
    ['10ms|', 1, 'a space on both sides of the duration 10ms'],
    ['-a10ms |', 3, 'a space on both sides of the duration 10ms'],
  ])('points at the place in %s that cannot be read', (text, column, says) => {
    const complaint = complaintOf(() => expect(of('a')).toMatchMarbles(text))
    expect(complaint).toContain(`Character ${column}: expected`)
    expect(complaint).toContain(says)
    expect(complaint).toContain(`\n  ${text}\n  ${' '.repeat(column - 1)}^`)
  })

  it('refuses what is no Observable and no text', () => {
    for (const wrong of [5, null, 'a', {}])
      expect(complaintOf(() => expect(wrong).toMatchMarbles('|'))).toContain('Expected an Observable')
    expect(complaintOf(() => expect(EMPTY).toMatchMarbles(undefined as never))).toContain('a diagram as text')
    expect(complaintOf(() => expect(() => 5).toMatchMarbles('|'))).toContain('given number')
  })
})

describe('toMatchMarbles, of an actor', () => {
  it('takes openAlarm itself', () => {
    expect(openAlarm).toMatchMarbles(`
      ask      5---2---
      commit   -5|--2|-
      write    5|--2|--
    `)
    expect(openAlarm).toMatchMarbles(`
      title    an earlier move waits for the later one in flight
      alarm    1

      ask      5---2-----------
      commit   5.|-----2.|-----
      write    --5...|---------
                     2.|
      held     ----^.!---------
    `)
  })

  it('takes what opens on any AlarmConfig, and what counts on its clock', () => {
    const clocked = ({ scheduler, ...config }: ConfigUnderTest) => ({
      alarm: openAlarm({ ...config, scheduler }),
      soon() {
        this.alarm.set(scheduler.now() + 5_000)
      },
    })
    const opens: OpenActor[] = [openCart, openAlarm, clocked]
    for (const open of opens) expect(open).toMatchMarbles('ask     5--\ncommit  -5|\nwrite   5|-')
    expect(clocked).toMatchMarbles('where   s = soon\nask     s--\ncommit  -5|\nwrite   5|-')
  })

  it('shows both timelines lane by lane', () => {
    const wrong = complaintOf(() =>
      expect(openCart).toMatchMarbles(`
        where    t = touch, p = pay
        ask      t----p-----
        commit   -5|--x|----
        write    5|-----x|--
      `),
    )
    expect(wrong).toBe(`Expected what the diagram says:

${expect.getState().currentTestName}

           0----5----10
  ask      t----p-----
  commit   -5|--x|----
- write    5|-----x|--    expected
+ write    5|----x|---    seen
                 ^ column 6`)
  })

  it('points at a line that was written', () => {
    const wrong = complaintOf(() =>
      expect(openCart).toMatchMarbles(`
        where    t = touch
        ask      t-q--
      `),
    )
    expect(wrong).toContain('Line 3, character 12')
    expect(wrong).toContain('  3 | ask      t-q--\n')
  })

  it('points at a where that it cannot read, as it was written', () => {
    const wrong = complaintOf(() =>
      expect(openCart).toMatchMarbles(`
        where    t = touch, a = 30h
        ask      t----
      `),
    )
    expect(wrong).toContain('  2 | where    t = touch, a = 30h\n')
    expect(wrong).toContain('such as t = touch')
    expect(openCart).toMatchMarbles(`
      where    t = touch, a = 30s
      ask      t--a---
      commit   -5|a|--
      write    5|--a|-
    `)
  })

  it('refuses a letter that is there twice, and a method with arguments', () => {
    const where = (list: string) =>
      complaintOf(() => expect(openCart).toMatchMarbles(`\nwhere    ${list}\nask      t--`))
    for (const twice of ['t = touch, t = 3', 't = 3, t = touch', 't = 3, t = 3', 't = touch, t = pay'])
      expect(where(twice)).toContain('t once: a letter stands for one thing.\n\n  2 | where    t = ')
    expect(where('p = pay, t = touch, t = 3')).toContain('Line 2, character 30')
    for (const given of ['add(3)', 'add(', 'add()', 'add(1, t = 2)'])
      expect(where(`t = ${given}`)).toContain(
        'Line 2, character 10: expected the name of a method, which is called without arguments. ' +
          `Let the actor have one that says the rest, such as mine: () => actor.${given}, and write t = mine`,
      )
  })

  it('refuses letters that nothing has, and methods that the actor lacks', () => {
    const unused = () =>
      expect(openCart).toMatchMarbles('\nwhere    t = touch, p = pay\nask      t--\ncommit   -5.')
    expect(complaintOf(unused)).toContain('p = pay stands in neither ask, unconfirmed nor handler')
    const unknown = () => expect(openCart).toMatchMarbles('\nwhere    t = tuoch\nask      t--\n')
    expect(complaintOf(unknown)).toContain('to have a method tuoch')
    expect(complaintOf(unknown)).toContain('it has touch, pay')
  })

  it('refuses a function that opens no alarm', () => {
    for (const wrong of [() => ({}), () => undefined, () => ({ alarm: 5 })])
      expect(complaintOf(() => expect(wrong).toMatchMarbles('\nask      5--\ncommit   5..'))).toContain(
        'what openAlarm(config) returns, or an object that has it as its alarm. ' +
          'Pass the function that opens it, and let it return { alarm, ... }.',
      )
    const config = { commit: () => EMPTY, write: () => EMPTY }
    for (const opened of [openAlarm(config), openCart(config)]) {
      const says =
        'given an actor that is open already. Pass the function that opens it, and let it return { alarm, ... }.'
      expect(complaintOf(() => expect(opened).toMatchMarbles('\nask      5--'))).toContain(says)
      expect(complaintOf(() => expect(opened).toMatchMarblesInlineSnapshot('ask      5--'))).toContain(says)
    }
    expect(complaintOf(() => expect(5).toMatchMarbles('\nask      5--'))).toContain(
      'given number. Pass the function',
    )
    const later = async (config: ConfigUnderTest) => openCart(config)
    expect(complaintOf(() => expect(later).toMatchMarbles('\nask      5--'))).toBe(
      'Expected an actor, given a promise. A virtual run is over before a promise settles: leave out async and await. ' +
        'Pass the function that opens it, and let it return { alarm, ... }.',
    )
  })

  it('throws what the actor throws of its own', () => {
    const open = (config: Parameters<typeof openCart>[0]) => ({
      ...openCart(config),
      touch() {
        throw new RangeError('mine')
      },
    })
    expect(() => expect(open).toMatchMarbles('\nwhere     t = touch\nask       t--\nrefused   t--')).toThrow(
      RangeError,
    )
  })

  it('says what a method did wrong by itself, of the alarm too', () => {
    const open = (set: (config: ConfigUnderTest) => number) => (config: ConfigUnderTest) => {
      const alarm = openAlarm(config)
      return { alarm, touch: () => alarm.set(set(config)) }
    }
    expect(() => expect(open(() => Number.NaN)).toMatchMarbles('\nwhere  t = touch\nask    t--')).toThrow(
      expect.objectContaining({ code: 'ALARM_TIME_INVALID' }),
    )
    // what a broken or closed alarm refuses has a lane
    expect(open(() => 5_000)).toMatchMarbles(
      '\nwhere    t = touch\nbroken   ALARM_COMMIT_FAILED\nask      t--t\nwrite    5|--\ncommit   -5#-\nlife     ^-#-\nrefused  ---t',
    )
    expect(open(() => 5_000)).toMatchMarbles(
      '\nwhere    t = touch\nbroken   ALARM_PRECOMMIT_FAILED\nask      t---\nwrite    (5*)\nlife     (^#)\nrefused  t---',
    )
  })

  it('refuses a method that returns a promise', async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', note)
    const opens = {
      'sets later': async (alarm: Alarm) => {
        await null
        alarm.set(1_000)
      },
      'sets first': async (alarm: Alarm) => {
        alarm.set(1_000)
        await null
        alarm.set(5_000)
      },
      'is just async': async () => {},
      fails: async () => {
        throw new RangeError('mine')
      },
    }
    for (const [name, start] of Object.entries(opens)) {
      const open = (config: ConfigUnderTest) => {
        const alarm = openAlarm(config)
        return { alarm, start: () => start(alarm) }
      }
      for (const drawn of ['ask     s---', 'ask     s---\ncommit  -1|-\nwrite   1|--'])
        expect(
          complaintOf(() => expect(open).toMatchMarbles(`where   s = start\n${drawn}`)),
          name,
        ).toBe(
          'Expected start() to do it at once; it returns a promise. ' +
            'A virtual run is over before a promise settles: leave out async and await. ' +
            'Or let the matcher wait for it: await expect(...).toMatchMarblesAsync(...).',
        )
    }
    await new Promise((resolve) => setTimeout(resolve))
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })

  it('opens it anew for each play and each life, on a store that outlives those', () => {
    const stores: Map<string, unknown>[] = []
    const counting = (config: ConfigUnderTest) => {
      const { store } = config
      stores.push(store)
      const alarm = openAlarm(config)
      const touch = (): void => {
        store.set('count', Number(store.get('count') ?? 0) + 1)
        alarm.set(Number(store.get('count')) * 1_000)
      }
      return { alarm, touch }
    }
    for (const _ of [1, 2])
      expect(counting).toMatchMarbles(`
        where    t = touch
        life     ^---!^---
        ask      t----t---
        commit   -1|--2|--
        write    1|----2|-
      `)
    expect(stores.length).toBe(4)
    expect(stores[0]).toBe(stores[1])
    expect(stores[2]).toBe(stores[3])
    expect(stores[0]).not.toBe(stores[2])
  })

  it('is given a scenario by several lines, or by a name and a blank', () => {
    expect(openCart).toMatchMarbles('ask   -')
    expect(openCart).toMatchMarbles('ask -')
    expect(openCart).not.toMatchMarbles('ask  5--')
    expect(complaintOf(() => expect(openCart).toMatchMarbles('column 1000 ms'))).toContain(
      'a lane: one of life',
    )
    expect(complaintOf(() => expect(openCart).toMatchMarbles('aks  5--\nwrite  5--'))).toContain(
      'Line 1, character 1',
    )
    expect(of('a', 's', 'k')).toMatchMarbles('(ask|)') // no name, as no blank follows it
    expect(({ cold }: MarbleRun) => cold('ask|')).toMatchMarbles('ask|')
  })

  it('says so where lanes were read as the diagram of an Observable, or the other way round', () => {
    const says =
      'This was read as a one-line diagram of an Observable. For an actor give lanes: `ask    5---`, a name and two spaces.'
    for (const text of ['', '5---2--', '-5|'])
      expect(complaintOf(() => expect(openCart).toMatchMarbles(text))).toContain(says)
    expect(complaintOf(() => expect(openCart).toMatchMarblesInlineSnapshot())).toContain(says)
    const own = () => openCart({ commit: () => EMPTY, write: () => EMPTY })
    for (const open of [own, () => own().alarm])
      expect(complaintOf(() => expect(open).toMatchMarbles('5---'))).toContain(says)
    expect(complaintOf(() => expect(() => 5).toMatchMarbles('5---'))).not.toContain(says)
    expect(complaintOf(() => expect(of('a')).toMatchMarbles('ask   5--'))).toContain(
      'Expected a function that opens an actor, for a diagram of lanes; given an Observable',
    )
  })

  it('says what time a ? is', () => {
    const wrong = complaintOf(() =>
      expect(openCart).toMatchMarbles(`
        where    t = touch
        ask      -----t-----
        commit   ------5|---
        write    -----5|----
      `),
    )
    expect(wrong).toContain('+ write    -----?|----    seen')
    expect(wrong).toContain(
      '? in column 5 is 5.005 s.\nName it: where a = 5.005\nOr let a column take a second',
    )
  })

  it('is not woken before its time, where a method asks by the clock', () => {
    const woken = (header: string, wake: string) =>
      complaintOf(() =>
        expect(openCart).toMatchMarbles(`
          where     t = touch
          ${header}
          ask       t--------
          commit    -5|------
          write     5|-------
          wake      ${wake}
          handler   ${wake}
        `),
      )
    expect(woken('', '----5....')).toContain(
      '! column 4: wake 5, but the clock reads 0.004 s: no manager delivers 5 (5 s) before column 5000. ' +
        'A column takes 1 ms; the line column    1000 ms lets it take a second',
    )
    expect(woken('column    1000 ms', '----5....')).toContain('before column 5')
    expect(woken('column    1000 ms', '-----5...')).toBe('nothing')
  })

  it('lets its handler do what it does', () => {
    expect(openCart).toMatchMarbles(`
      where     t = touch, c = 12
      alarm     5
      clock     5
      column    1000 ms
      wake      5....|---
      handler   5.t..|---
      commit    --c|-----
      write     ---c|----
    `)
  })
})
