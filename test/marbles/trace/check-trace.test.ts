import { readdirSync, readFileSync } from 'node:fs'
import { EMPTY, from, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { type AlarmEvent, openAlarm } from '../../../src/index.ts'
import { checkTrace, runMarbles, type TraceEvent, type TraceFault } from '../../../src/marbles/index.ts'
import { deepBounds } from '../../explore/bounds.ts'
import { randomSchedule } from '../../explore/explorer/random-schedule.ts'
import { mutants } from '../../explore/mutants.ts'
import { loadPatched } from '../../explore/patch-engine.ts'
import { randomLifecycles } from '../../lifecycles/random-lifecycles.ts'
import { withoutRejectedTrace } from './unseen.ts'
import { watched } from './watched.ts'

const faultsOf = (events: readonly TraceEvent[]): TraceFault[] => {
  const faults: TraceFault[] = []
  checkTrace(from(events)).subscribe((fault) => faults.push(fault))
  return faults
}

const at = { at: 0, key: 'a' } as const
const intent = { kind: 'intent', unconfirmed: false } as const
const opened: TraceEvent = { ...at, kind: 'opened', time: null, epoch: 1 }
const first = 2 ** 22 + 1
const set5: TraceEvent = { ...at, ...intent, time: 5, move: 'earlier', bound: null, committed: null }
const write5 = { ...at, move: 'earlier', time: 5, fence: first, attempt: 1 } as const
const issued5: TraceEvent = { ...write5, kind: 'write-issued' }
const acknowledged5: TraceEvent = { ...write5, kind: 'write-acknowledged', took: 0 }
const commit5: TraceEvent = { ...at, kind: 'commit-issued', time: 5 }
const committed5: TraceEvent = { ...at, kind: 'commit-acknowledged', time: 5, took: 0 }
const drained5: TraceEvent = { ...at, kind: 'drained', time: 5, caughtUp: true }
const round = [opened, set5, issued5, acknowledged5, commit5, committed5, drained5]

describe('checkTrace', () => {
  it('completes without a value when all is allowed', () => {
    let ended = false
    checkTrace(round).subscribe({ complete: () => (ended = true) })
    expect(ended).toBe(true)
    expect(faultsOf(round)).toEqual([])
  })

  it('says at the first event which rule, which state, and what was allowed', () => {
    const [fault, ...more] = faultsOf([opened, set5, commit5, committed5])
    expect(more).toEqual([])
    expect(fault).toMatchObject({
      key: 'a',
      index: 2,
      event: commit5,
      rule: 'earlier first: the manager must have it before the commit that needs it is issued',
      state: { desired: 5, committed: null, bound: null, touched: true },
    })
    expect(fault?.allowed).toContain('write-issued earlier 5')
    expect(fault?.allowed).not.toContain('commit-issued 5')
  })

  // Each leaves one event out, or puts it elsewhere: the rule that it breaks is named.
  it.each<[string, TraceEvent[], string]>([
    ['a commit whose precommit was not acknowledged', [opened, set5, issued5, commit5], 'earlier first'],
    [
      'two writes at a time',
      [...round.slice(0, 3), { ...issued5, fence: first + 1 } as TraceEvent],
      'one write at a time',
    ],
    [
      'two commits at a time',
      [...round.slice(0, 5), { ...at, kind: 'touched', unconfirmed: false }, commit5],
      'one commit at a time',
    ],
    [
      'a commit of another time',
      [...round.slice(0, 4), { ...at, kind: 'commit-issued', time: 6 }],
      'what was asked last',
    ],
    ['a commit of nothing', [...round, commit5], 'a commit is due when something was asked'],
    ['an answer to no call', [opened, acknowledged5], 'issued before'],
    ['drained with a commit due', [...round.slice(0, 4), drained5], 'drained means'],
    ['drained with a commit in flight', [...round.slice(0, 5), drained5], 'no commit is in flight'],
    [
      'a fence that does not grow',
      [
        ...round,
        { ...at, ...intent, time: 4, move: 'earlier', bound: 5, committed: 5 },
        { ...issued5, time: 4 } as TraceEvent,
      ],
      'a fence is greater',
    ],
    [
      'a later write before its commit',
      [
        ...round,
        { ...at, ...intent, time: 9, move: 'later', bound: 5, committed: 5 },
        { ...write5, kind: 'write-issued', move: 'later', time: 9, fence: first + 1 },
      ],
      'committed',
    ],
    [
      'what the actor has found itself',
      [...round, { ...at, kind: 'violation', manager: 9, committed: 5 }],
      'never later',
    ],
    [
      'a handler that was not woken',
      [...round, { ...at, kind: 'delivery-run', scheduledTime: 5, retryCount: 0, time: 5, deletes: true }],
      'has arrived',
    ],
    [
      'a step after a precommit that failed',
      [...round.slice(0, 3), { ...write5, kind: 'write-failed', took: 0, error: { message: 'no' } }, commit5],
      'broken',
    ],
  ])('refuses %s', (_, events, rule) => {
    const [fault] = faultsOf(events)
    expect(fault?.rule).toContain(rule)
    expect(fault?.event).toBe(events.at(-1))
  })

  it('takes a log that begins in the middle, anywhere', () => {
    for (let i = 0; i < round.length; i++) expect(faultsOf(round.slice(i))).toEqual([])
  })

  it('takes one that was cut, anywhere', () => {
    for (let i = 0; i < round.length; i++) expect(faultsOf(round.slice(0, i))).toEqual([])
  })

  it('knows nothing after what a journal says it lost', () => {
    const gap: TraceEvent = { ...at, kind: 'gap' }
    expect(faultsOf([opened, set5, gap, commit5, committed5, drained5])).toEqual([])
    expect(faultsOf([opened, set5, { ...at, kind: 'recording-began' }, commit5])).toEqual([])
    expect(faultsOf([opened, set5, { ...at, kind: 'not-kept' }, commit5])).toEqual([])
  })

  it('keeps actors apart', () => {
    const ofB = round.map((event) => ({ ...event, key: 'b' }))
    expect(faultsOf(round.flatMap((event, i) => [event, ofB[i]!]))).toEqual([])
    expect(faultsOf([...round.slice(0, 2), ...ofB, commit5]).map(({ key, index }) => [key, index])).toEqual([
      ['a', 2],
    ])
  })

  it('judges live, and completes where the alarm breaks', () => {
    const events$ = new Subject<AlarmEvent>()
    const seen: string[] = []
    checkTrace(events$).subscribe({
      next: ({ rule }) => seen.push(rule),
      complete: () => seen.push('complete'),
    })
    events$.next({ ...at, kind: 'violation', manager: 9, committed: 5 })
    expect(seen).toHaveLength(1)
    events$.error(new Error('broken'))
    expect(seen.at(-1)).toBe('complete')
  })
})

describe('all that the project makes is accepted:', () => {
  const folder = new URL('../../../marbles/', import.meta.url)
  const shown: Record<string, number> = {
    // Two lives in one log, without a word or a fence that says so.
    'early-manager-heals-at-the-wake-up.marbles': 1,
    // Its manager breaks its own promise, and the actor says so.
    'woken-too-late-for-the-store.marbles': 1,
  }
  it.each(readdirSync(folder).filter((file) => file.endsWith('.marbles')))('%s', (file) => {
    const { events } = runMarbles(readFileSync(new URL(file, folder), 'utf8'))
    expect(faultsOf(events)).toHaveLength(shown[file] ?? 0)
  })

  it('random lifecycles', () => {
    const faults: TraceFault[] = []
    const engine = watched(openAlarm, (fault) => faults.push(fault))
    expect(randomLifecycles({ openAlarm: engine, seed: 11, runs: 1000 }).failure).toBeNull()
    expect(faults).toEqual([])
  })

  it('random schedules of the explorer', () => {
    const faults: TraceFault[] = []
    const engine = watched(openAlarm, (fault) => faults.push(fault))
    for (let seed = 0; seed < 150; seed++) randomSchedule(seed, { ...deepBounds, openAlarm: engine })
    expect(faults).toEqual([])
  })
})

/** A life that no schedule at random has whole: they end where an onlooker first sees the fault. */
function setInItsHandler(open: typeof openAlarm): void {
  const alarm = open({ initial: 2, reconcile: false, commit: () => EMPTY, write: () => EMPTY })
  alarm
    .deliver({ scheduledTime: 2 }, () => {
      alarm.set(2)
      return EMPTY
    })
    .subscribe({ error: () => {} })
}

describe('a broken engine gives a trace that is rejected:', () => {
  it.each(mutants.map(({ name }) => name))('%s', { timeout: 120_000 }, async (name) => {
    const { patches = [], bounds } = mutants.find((each) => each.name === name)!
    const reason = withoutRejectedTrace[name]
    if (patches.length === 0 || bounds?.rowAlarm !== undefined) {
      expect(reason, 'what is broken is not the actor: say why in unseen.ts').toBeDefined()
      return
    }
    const rules = new Set<string>()
    const open = await loadPatched(patches)
    const engine = watched(open, ({ rule }) => rules.add(rule))
    setInItsHandler(engine)
    for (let seed = 0; seed < 400 && rules.size === 0; seed++) {
      try {
        randomSchedule(seed, { ...deepBounds, openAlarm: engine })
      } catch {} // a broken engine may do what no record can tell of
    }
    if (rules.size === 0) randomLifecycles({ openAlarm: engine, seed: 1, runs: 300 })
    expect(rules.size === 0 ? 'accepted' : 'rejected').toBe(reason === undefined ? 'rejected' : 'accepted')
  })
})
