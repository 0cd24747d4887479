import {
  concat,
  defer,
  ignoreElements,
  interval,
  merge,
  NEVER,
  startWith,
  switchMap,
  throwError,
  timer,
} from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, it } from 'vitest'
import { type AlarmConfig, type AlarmTime, keepAlarm, openAlarm } from '../../src/index.ts'
import {
  checkMarbles,
  explainMarbles,
  fakeManager,
  fakeStore,
  parseMarbles,
  printMarbles,
  type RunOptions,
  runMarbles,
} from '../../src/marbles/index.ts'

const race = `title     an earlier move waits for the later one in flight
alarm     1

ask       5---2-----------
commit    5.|-----2.|-----
write     --5...|---------    2 is held until the write in flight has ended
                2.|
held      ----^.!---------
reads     5---2-----------
store     1-5-------2-----
manager   1-----5-2-------
`

type Engine = Required<RunOptions>['engine']

/** The library with its user's functions replaced. */
const withConfig = (change: (config: AlarmConfig) => Partial<AlarmConfig>): Engine => ({
  openAlarm: (config) => openAlarm({ ...config, ...change(config) }),
  keepAlarm: (config) => keepAlarm({ ...config, ...change(config) }),
})
const thrownBy = (run: () => unknown): Error => {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
const faultsOf = (text: string, options?: RunOptions): readonly string[] => runMarbles(text, options).faults

describe('runMarbles', () => {
  it('returns what was seen in the same shape', () => {
    const { expected, seen, faults, events } = runMarbles(race)
    expect(printMarbles(seen)).toBe(race)
    expect(seen).toEqual(expected)
    expect(faults).toEqual([])
    expect(events.map(({ kind }) => kind)).toContain('held')
  })

  it('takes a scenario, and keepAlarm', () => {
    const { reads, ...other } = Object.fromEntries(parseMarbles(race).lanes.map((lane) => [lane.name, lane]))
    const { seen, faults } = runMarbles(
      { ...parseMarbles(race), lanes: Object.values(other) },
      { through: 'keepAlarm' },
    )
    expect(printMarbles(seen)).toBe(race.replace(/^reads.*\n/m, ''))
    expect(reads).toBeDefined()
    expect(faults).toEqual([])
  })

  it('shows what happened instead, in the same lanes', () => {
    const wrong = race.replace('5---2---', '5-----2-').replaceAll(/^(held|reads|store|manager).*\n/gm, '')
    expect(
      printMarbles(runMarbles(wrong).seen),
    ).toBe(`title     an earlier move waits for the later one in flight
alarm     1

ask       5-----2---------
commit    5.|-----2.|-----
write     --5...|---------    2 is held until the write in flight has ended
                2.|
`)
  })

  it('shows calls and endings that the diagram does not have', () => {
    const { seen } = runMarbles('title  t\nalarm  none\n\nask    5-----\nwrite  5.#---\n')
    expect(printMarbles(seen)).toBe(`title     t
alarm     none
broken    ALARM_PRECOMMIT_FAILED

ask       5-----
write     5.#---
life      ^-#---
`)
    const more = runMarbles('title  t\nalarm  none\n\nask    5-----\nwrite  5.|---\n').seen
    expect(printMarbles(more)).toContain('commit    --5...\n')
    const refused = runMarbles('title  t\nalarm  none\n\nask    5--3--\nwrite  (5*)--\n').seen
    expect(printMarbles(refused)).toContain('refused   5--3--\n')
  })

  it('marks a time that the diagram has no mark for, and says which it is', () => {
    const times = [1234, 5000_000, 1234]
    const engine = withConfig(({ commit }) => ({
      commit: (_, info) => commit(times.shift() ?? null, info),
    }))
    const text =
      'title  t\nalarm  1\nwhere  a = 20\n\nask     5--6--7---\ncommit  5|-6|-7|--\nwrite   -5|-6|-7|-'
    const { seen, unnamed } = runMarbles(text, { engine })
    expect(printMarbles(seen)).toContain('commit    ?|-?|-?|--\n')
    expect(unnamed.filter(({ lane }) => lane === 'commit')).toEqual([
      { lane: 'commit', column: 0, time: 1234, letter: 'b' },
      { lane: 'commit', column: 3, time: 5000_000, letter: 'c' },
      { lane: 'commit', column: 6, time: 1234, letter: 'b' },
    ])
    expect(runMarbles(race).unnamed).toEqual([])
  })

  it('asks for times that letters stand for, on the clock given', () => {
    const text = `title     t
alarm     1
where     a = 2000000000, h = 0.5
clock     0.5
column    250 ms

ask       a---h-----
commit    a|---h|---
write     -a|-h|----
retried   ----------
`
    const { seen, events } = runMarbles(text)
    expect(printMarbles(seen)).toBe(text)
    expect(events.filter(({ kind }) => kind === 'commit-issued')).toMatchObject([
      { at: 500, time: 2_000_000_000_000 },
      { at: 1750, time: 500 },
    ])
  })

  it('leaves nothing behind', () => {
    expect(explainMarbles(runMarbles(race))).toBe('')
    expect(explainMarbles(runMarbles(race))).toBe('')
  })
})

describe('runMarbles is loud', () => {
  it('about two writes at a time', () => {
    const engine = withConfig(({ write }) => ({
      write: (time, info) => merge(write(time, info), timer(0).pipe(switchMap(() => write(time, info)))),
    }))
    expect(faultsOf(race, { engine })).toContainEqual(
      'column 2: write: the call at 2 with 5000 begins while the call at 2 with 5000 is pending',
    )
  })

  it('about a started write that is cancelled and followed by another', () => {
    const naive: Engine = {
      openAlarm,
      keepAlarm:
        ({ commit, write }) =>
        (intents$) => {
          let fence = 0
          return intents$.pipe(
            switchMap((intent) => {
              const time = intent.kind === 'set' ? intent.time : null
              const told = defer(() => write(time, { key: '', move: 'later', fence: ++fence, attempt: 1 }))
              return concat(commit(time, { key: '', epoch: 0 }), told).pipe(ignoreElements())
            }),
          )
        },
    }
    const text = 'title   t\nalarm   1\n\nask     5---7----\ncommit  5.|-7.|--\nwrite   --5...|--\n'
    expect(faultsOf(text, { engine: naive, through: 'keepAlarm' })).toContain(
      'column 6: write: the call at 6 with 7000 begins while the call at 2 with 5000 is unsubscribed',
    )
  })

  it('about a manager that is later than the store', () => {
    const late = (time: AlarmTime) => (time === null ? null : time + 1000)
    const engine = withConfig(({ write }) => ({ write: (time, info) => write(late(time), info) }))
    expect(faultsOf(race, { engine })).toContainEqual(
      'column 6: The manager holds 6000 while the store may hold 5000: the alarm would be late or lost',
    )
  })

  it('about a call that is subscribed twice, late or never', () => {
    const twice = withConfig(({ commit }) => ({
      commit(time, info) {
        const commit$ = commit(time, info) as ReturnType<typeof timer>
        return merge(commit$, commit$)
      },
    }))
    expect(faultsOf(race, { engine: twice })).toContain(
      'column 0: commit: the call at 0 with 5000 is subscribed 2 times',
    )
    const late = withConfig(({ commit }) => ({
      commit(time, info) {
        const commit$ = commit(time, info)
        return timer(1).pipe(switchMap(() => commit$))
      },
    }))
    expect(faultsOf(race, { engine: late })).toContain(
      'column 1: commit: the call at 0 with 5000 is subscribed at 1 only',
    )
    const never = withConfig(({ commit }) => ({
      commit(time, info) {
        commit(time, info)
        return NEVER
      },
    }))
    expect(faultsOf(race, { engine: never })).toContain('commit 5 in column 0 was never subscribed')
  })

  it('about a run that never ends', () => {
    const engine = withConfig(({ commit, scheduler }) => ({
      commit(time, info) {
        interval(60_000, scheduler).subscribe()
        return commit(time, info)
      },
    }))
    expect(faultsOf(race, { engine })).toEqual([
      'the run does not end: a day after the ruler timers are still running: 2, the next due in column 86460000',
    ])
  })

  it('about what happens after the ruler', () => {
    const text = 'title  t\nalarm  1\n\nask    5----\ncommit 5.|--\nwrite  --5#-\n'
    expect(faultsOf(text)).toEqual(["write 5 in column 1003, after the ruler's end"])
  })

  it('about an actor that does not know that it is drained', () => {
    const never: Engine = {
      keepAlarm: (config) => (intents$) => merge(NEVER, keepAlarm(config)(intents$)),
      openAlarm: (config) => Object.defineProperty(openAlarm(config), 'drained', { value: () => NEVER }),
    }
    for (const through of ['openAlarm', 'keepAlarm'] as const)
      expect(faultsOf(race, { engine: never, through })).toEqual([
        'nothing is in flight, but it is not drained',
      ])
  })

  it('about someone who is told another error than the one that broke the alarm', () => {
    const engine: Engine = {
      keepAlarm,
      openAlarm: (config) =>
        Object.defineProperty(openAlarm(config), 'confirmed', {
          value: () => throwError(() => new Error('oops')),
        }),
    }
    const text = 'title  t\n\nask        5-----\nwrite      5.#---\nconfirmed  ?.#---\n'
    expect(faultsOf(text, { engine })).toContain(
      'not all that waited got the error that broke the alarm: Error: oops',
    )
  })

  it('about a call that no event tells of, and an event without its call', () => {
    const deaf: Engine = {
      keepAlarm,
      openAlarm: (config) => Object.defineProperty(openAlarm(config), 'events$', { value: NEVER }),
    }
    const text = 'title  t\nalarm  1\n\nask    -5----\ncommit -5.|--\nwrite  ---5.|\n'
    expect(faultsOf(text, { engine: deaf })).toEqual([
      'no event tells of commit 5 in column 1',
      'no event tells of write 5 in column 3',
    ])
    const told = {
      kind: 'write-issued',
      at: 0,
      key: '',
      time: 7,
      move: 'later',
      fence: 1,
      attempt: 1,
    } as const
    const liar: Engine = {
      keepAlarm,
      openAlarm(config) {
        const alarm = openAlarm(config)
        return Object.defineProperty(alarm, 'events$', { value: alarm.events$.pipe(startWith(told)) })
      },
    }
    expect(faultsOf(text, { engine: liar })).toEqual(['2 writes are in the events, 1 were called'])
  })

  it('about what happens between two columns', () => {
    const text = `title     t
alarm     1
column    2 ms
retry     3 ms

ask       5------
commit    5.|----
write     --5#-5|
`
    expect(faultsOf(text)).toEqual(['write 5 in column 4, not at its beginning: at 9 ms'])
  })

  it('about asking nobody', () => {
    expect(faultsOf('title  t\nalarm  1\n\nlife   ^-!---\nask    ----5-\n')).toEqual([
      'column 4: ask 5, but no actor is open',
    ])
    expect(faultsOf('title  t\nalarm  1\n\nlife   --^--!---\nask    5-----5-\n')).toEqual([
      'column 0: ask 5, but no actor is open yet: a diagram with a life lane begins with ^ in column 0',
      'column 6: ask 5, but no actor is open',
    ])
  })

  it('about a wake before its time, where the diagram says how its columns stand to the clock', () => {
    const woken = (header: string, wake: string) =>
      faultsOf(`title    t\nalarm    a\nwhere    a = 30\n${header}\n\nwake     ${wake}\nhandler  ${wake}\n`)
    const early = '-----a....'
    expect(woken('column   1000 ms', early)).toEqual([
      'column 5: wake a, but the clock reads 5 s: no manager delivers a (30 s) before column 30',
    ])
    expect(woken('clock    20', early)).toEqual([
      'column 5: wake a, but the clock reads 20.005 s: no manager delivers a (30 s) before column 10000. ' +
        'A column takes 1 ms; the line column    1000 ms lets it take a second',
    ])
    expect(woken('column   999 ms\nclock    25', '-----a.|a.')).toEqual([
      'column 5: wake a, but the clock reads 29.995 s: no manager delivers a (30 s) before column 6',
    ])
    expect(woken('column   1000 ms\nclock    25', early)).toEqual([])
    expect(woken('clock    30', 'a...')).toEqual([])
    expect(woken('', early)).toEqual([]) // times and columns have nothing to do with each other
    const none = 'title  t\nclock  0\n\nwake   x>\nwrite  (x|)\n'
    expect(faultsOf(none)).toEqual([]) // of no alarm there is no time to come before
  })

  it('about a wake for what the manager does not hold, where times stand to the clock', () => {
    const woken = (clock: string, wake: string) =>
      faultsOf(`title   t
alarm   2
${clock}
ask     9-------
commit  9|------
write   -9|-----
wake    ${wake}
handler ${wake.replace('>', '|')}
`).filter((fault) => fault.includes('wake'))
    const bySeconds = 'column  1000 ms'
    // moved later before it was due: nobody can deliver it
    expect(woken(bySeconds, '------2>')).toEqual([])
    expect(woken(bySeconds.replace('1000', '500'), '------2>')).toEqual([
      'column 6: wake 2, but the manager holds 9',
    ])
    // after it was due, or while that was under way: a delivery may have begun
    expect(woken('clock   1\ncolumn  1000 ms', '------2>')).toEqual([])
    expect(woken('clock   3\ncolumn  1000 ms', '------2>')).toEqual([])
    expect(woken('clock   3\ncolumn  1000 ms', '-2|-----')).toEqual([])
    // what it holds
    expect(woken('clock   9\ncolumn  1000 ms', '------9|')).toEqual([])
    // before its time: that is the one thing wrong with it
    expect(woken(bySeconds, '-5>-----')).toEqual([expect.stringContaining('no manager delivers 5')])
    // what it is being told, and may have before it says so; and not before that
    expect(woken('clock   9\ncolumn  1000 ms', '--9|----')).toEqual([])
    expect(woken('clock   9\ncolumn  1000 ms', '9|------')).toEqual([
      'column 0: wake 9, but the manager holds 2',
    ])
    expect(woken('clock   9\ncolumn  1000 ms', '--3>----')).toEqual([
      'column 2: wake 3, but the manager holds 2',
    ])
    // what it was told once
    const twice =
      'title   t\nalarm   1\ncolumn  500 ms\n\nask     3--9------\ncommit  3|-9|-----\nwrite   -3|-9|----\nwake    -------3>-'
    expect(faultsOf(twice)).toContain('column 7: wake 3, but the manager holds 9')
    // times that are only earlier and later than each other
    expect(woken('', '------2>')).toEqual([])
    expect(faultsOf('title   t\nclock   5\n\nwake    3.\nwrite   x.')).toContain(
      'column 0: wake 3, but the manager holds none',
    )
  })

  it('about a mark that it does not know', () => {
    expect(() => runMarbles(race.replace('2.|\n', '2.?\n'))).toThrow('Line 7, character 19: expected')
  })
})

describe('a long diagram', () => {
  it('takes the time of its columns', () => {
    const columns = 40_000
    const repeated = (marks: string): string => marks.repeat(columns / marks.length)
    const text = `title     t
alarm     none

ask       ${repeated('5-6-')}
commit    ${repeated('5|6|')}
write     5|${'-'.repeat(columns - 2)}
manager   -5${'-'.repeat(columns - 2)}
`
    expect(explainMarbles(runMarbles(text))).toContain('manager')
    expect(printMarbles(parseMarbles(text))).toBe(text)
  })
})

describe('checkMarbles', () => {
  it('passes what is right, and returns the run', () => {
    expect(printMarbles(checkMarbles(race).seen)).toBe(race)
  })

  it('lines up what was expected and what was seen, and points at the first difference', () => {
    const wrong = race.replace('5.|-----2.|-----', '5.|----2.|------').replace(/^store.*\n/m, '')
    expect(() => checkMarbles(wrong)).toThrowErrorMatchingInlineSnapshot(`
      [MarblesError: Through openAlarm: an earlier move waits for the later one in flight

                  0----5----10---15
        ask       5---2-----------
      - commit    5.|----2.|------    expected
      + commit    5.|-----2.|-----    seen
                         ^ column 7
        write     --5...|---------
                        2.|
        held      ----^.!---------
        reads     5---2-----------
        manager   1-----5-2-------]
    `)
  })

  it('shows a lane that the diagram does not have', () => {
    expect(() =>
      checkMarbles('title  it breaks\n\nask    5-----\nwrite  5.#---\n'),
    ).toThrowErrorMatchingInlineSnapshot(`
      [MarblesError: Through openAlarm: it breaks

                0----5
        ask     5-----
        write   5.#---
      - life    ------    expected
      + life    ^-#---    seen
                ^ column 0

      - broken by nothing    expected
      + broken ALARM_PRECOMMIT_FAILED    seen
      Where it is to break, write the header line broken    ALARM_PRECOMMIT_FAILED, and # in life in that column.]
    `)
  })

  it('shows the error that broke the alarm, where it is another', () => {
    const broken = 'title   t\nbroken  ALARM_FENCED\n\nlife    ^-#---\nask     5-----\nwrite   5.#---\n'
    expect(() => checkMarbles(broken)).toThrow(
      '- broken ALARM_FENCED    expected\n+ broken ALARM_PRECOMMIT_FAILED    seen',
    )
    const never = 'title   t\nbroken  ALARM_FENCED\n\nask     5--\ncommit  -5|\nwrite   5|-'
    expect(() => checkMarbles(never)).toThrow(/broken by nothing {4}seen$/)
    expect(() => checkMarbles(broken.replace('FENCED', 'PRECOMMIT_FAILED'))).not.toThrow()
  })

  it('says what time a ? is, and how to give it a mark', () => {
    const engine = withConfig(({ commit }) => ({
      commit: (time, info) => commit(time === null ? null : time + 5, info),
    }))
    const text = 'title   t\nalarm   1\nwhere   a = 20\n\nask     5--6--\ncommit  5|-6|-\nwrite   -5|-6|\n'
    const once = text.replace('6', '-').replace('6|', '--').replace('6|', '--')
    expect(() => checkMarbles(once, { engine })).toThrow(`
? in column 0 is 5.005 s.
Name it: where b = 5.005
Or let a column take a second, so that the clock reads whole ones: column    1000 ms`)
    expect(() => checkMarbles(text, { engine })).toThrow(`
? in column 0 is 5.005 s.
? in column 3 is 6.005 s.
Name it: where b = 5.005
Or let`)
    // Faults come first, and what one is about is not to be drawn.
    expect(() => checkMarbles(text, { engine })).toThrow(
      /! no event tells of commit 6\.005 s in column 3\n! .*\n\n\? in column 0/,
    )
    const whole = withConfig(({ commit }) => ({ commit: (_, info) => commit(30_000, info) }))
    const inSeconds = once.replace('where', 'column  1000 ms\nwhere')
    for (const [drawn, engine_] of [
      [once, whole],
      [inSeconds, engine],
      [inSeconds.replace('1000', '250'), engine],
    ] as const) {
      const { message } = thrownBy(() => checkMarbles(drawn, { engine: engine_ }))
      expect(message).toContain('Name it: where b = ')
      expect(message).not.toContain('Or let a column')
    }
  })

  it('says which lane is missing, so that calls have no answer, and what to draw', () => {
    const text = 'title   t\nalarm   none\n\nask     -5----\n'
    const { message } = thrownBy(() => checkMarbles(text))
    expect(message).toContain(`+ write   -5....    seen
           ^ column 1

The diagram has no lane write, so nothing answers. Draw it, such as
  write     -5|---`)
    expect(() => checkMarbles(`${text}write   -5|---\ncommit  --5|--`)).not.toThrow()
    // an empty lane is one
    expect(thrownBy(() => checkMarbles(`${text}write   ------`)).message).not.toContain('has no lane')
  })

  it('shows faults where the lanes are as they should be', () => {
    const engine: Engine = {
      keepAlarm,
      openAlarm: (config) => Object.defineProperty(openAlarm(config), 'drained', { value: () => NEVER }),
    }
    expect(() => checkMarbles(race, { engine })).toThrow('\n\n! nothing is in flight, but it is not drained')
  })

  it('runs what has intents only through keepAlarm too', () => {
    const engine = { openAlarm, keepAlarm: () => () => NEVER }
    expect(() => checkMarbles(race, { engine })).toThrow('Through keepAlarm: ')
    const woken = 'title  t\nalarm  1\n\nwake     1..|\nhandler  (1|)\ncommit   x..|\n'
    expect(checkMarbles(woken, { engine }).faults).toEqual([])
  })
})

describe('the fakes within TestScheduler.run', () => {
  it('need no scheduler', () => {
    new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(({ flush }) => {
      const store = fakeStore('.|', { alarm: 1 })
      const manager = fakeManager('.# .|', { alarm: 1, store })
      const alarm = openAlarm({ initial: 1000, ...store, write: manager.write, reconcile: false })
      alarm.set(5000)
      flush()
      expect(manager.calls.map(({ at, outcome }) => [at, outcome])).toEqual([
        [2, 'failed'],
        [1004, 'acknowledged'],
      ])
    })
  })
})
