import fc from 'fast-check'
import { concat, defer, EMPTY, ignoreElements, NEVER, type Observable, of, throwError, timer } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { type Alarm, AlarmFencedError, type AlarmTime, openAlarm } from '../../src/index.ts'
import { virtualClock } from '../../src/marbles/index.ts'

const LIMIT = 10 // ms
const unanswered = new Error('not answered')

/** What becomes of a call: it comes to the other side after some ms, if it ever does, and its answer comes back after some more, if it ever does. */
interface Fate {
  readonly lands: number | null
  readonly isAnswered: boolean
}

type Act =
  | { readonly kind: 'set'; readonly time: AlarmTime; readonly allowUnconfirmed: boolean }
  | { readonly kind: 'touch' }
  | { readonly kind: 'send' }
  | { readonly kind: 'wake'; readonly takes: number; readonly succeeds: boolean }

interface Schedule {
  readonly initial: AlarmTime
  readonly reconcile: boolean
  /** the fence that the manager holds at first: of a store that is older than its manager, where it is above all of this one's */
  readonly held: number
  readonly retries: number
  readonly acts: readonly (readonly [wait: number, act: Act])[]
  readonly fates: Readonly<Record<'write' | 'commit' | 'raise', readonly Fate[]>>
}

const far = fc.constantFrom(100_000, 200_000, 300_000, 400_000)
const alarmTime: fc.Arbitrary<AlarmTime> = fc.option(far, { nil: null })
const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ lands: fc.nat(LIMIT - 1), isAnswered: fc.constant(true) }) },
  {
    weight: 1,
    arbitrary: fc.record({ lands: fc.option(fc.nat(4 * LIMIT)), isAnswered: fc.constant(false) }),
  },
)
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      time: alarmTime,
      allowUnconfirmed: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('touch' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('send' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wake' as const),
      takes: fc.nat(3 * LIMIT),
      succeeds: fc.boolean(),
    }),
  },
)
const fates = fc.array(fate, { maxLength: 8 })
const schedule: fc.Arbitrary<Schedule> = fc.record({
  initial: alarmTime,
  reconcile: fc.boolean(),
  held: fc.constantFrom(0, 5 * 2 ** 22 + 3),
  retries: fc.nat(2),
  acts: fc.array(fc.tuple(fc.nat(2 * LIMIT), act), { minLength: 1, maxLength: 10 }),
  fates: fc.record({ write: fates, commit: fates, raise: fates }),
})

/** Everything that can be seen of an alarm whose calls are not answered: they fail at the limit, or nothing comes and the limit is the alarm's. */
function play(how: 'fails' | 'never answers', { initial, reconcile, held, retries, acts, fates }: Schedule) {
  const clock = virtualClock(0)
  const seen: unknown[][] = []
  const note = (...what: unknown[]): void => void seen.push([clock.now(), ...what])
  const counts = { write: 0, commit: 0, raise: 0 }
  const manager = { time: initial, fence: held }
  let stored = initial

  const after = (ms: number, end$: Observable<never>): Observable<never> =>
    concat(timer(ms, clock).pipe(ignoreElements()), end$)

  /** Lands by itself, whether or not the caller still waits. */
  function call(what: keyof typeof counts, land: () => Error | null): Observable<never> {
    const { lands, isAnswered } = fates[what][counts[what]++] ?? { lands: 1, isAnswered: true }
    let refusal: Error | null = null
    const landing = (): void => {
      refusal = land()
    }
    if (lands !== null) clock.schedule(landing, lands)
    if (isAnswered)
      return after(
        lands!,
        defer(() => (refusal === null ? EMPTY : throwError(() => refusal))),
      )
    if (how === 'never answers') return NEVER
    return after(
      LIMIT,
      throwError(() => unanswered),
    )
  }
  const alarm: Alarm = openAlarm({
    key: 'a',
    epoch: 1,
    initial,
    reconcile,
    retry: { count: retries, delay: () => LIMIT / 2 },
    scheduler: clock,
    ...(how === 'never answers' && { timeout: LIMIT }),
    write(time, { fence, move, attempt }) {
      note('write', time, fence, move, attempt)
      return call('write', () => {
        if (fence < manager.fence) return new AlarmFencedError('a', fence, manager.fence)
        Object.assign(manager, { time, fence })
        return null
      })
    },
    commit(time) {
      note('commit', time)
      return call('commit', () => {
        stored = time
        return null
      })
    },
    raise(least) {
      note('raise', least)
      return concat(
        call('raise', () => null),
        of(least),
      )
    },
  })
  alarm.events$.subscribe({
    next: ({ ...event }) => note(event.kind, { ...event, error: 'error' in event && codeOf(event.error) }),
    error: (error) => note('broken', codeOf(error), codeOf((error as Error).cause)),
  })
  alarm.confirmed().subscribe({ error: () => {} })

  function take(act: Act, i: number): void {
    if (act.kind === 'set' && act.time === null) alarm.delete({ allowUnconfirmed: act.allowUnconfirmed })
    else if (act.kind === 'set') alarm.set(act.time!, { allowUnconfirmed: act.allowUnconfirmed })
    else if (act.kind === 'touch') alarm.touch()
    else if (act.kind === 'send')
      of(i)
        .pipe(alarm.holdUntilConfirmed())
        .subscribe({ next: () => note('let go', i), error: (error) => note('kept', i, codeOf(error)) })
    else if (manager.time !== null) {
      const { time: scheduledTime, fence } = manager
      const end = act.succeeds ? EMPTY : throwError(() => new Error('the handler fails'))
      alarm
        .deliver({ scheduledTime, fence }, () => after(act.takes, end))
        .subscribe({
          next: ({ kind }) => {
            if (kind === 'ran' && manager.fence === fence) manager.time = null
            note('answered', kind)
          },
          error: (error) => note('not answered', codeOf(error)),
        })
    }
  }
  let at = 0
  for (const [i, [wait, act]] of acts.entries()) {
    at += wait
    clock.schedule(() => {
      try {
        take(act, i)
      } catch (error) {
        note('refused', i, codeOf(error))
      }
    }, at)
  }
  clock.flush()
  note('in the end', { ...manager }, stored)
  return seen
}

/** Which limit it was is all that may differ. */
function codeOf(error: unknown): unknown {
  if (error === unanswered) return 'not answered'
  const { code } = Object(error) as { code?: unknown }
  return code === 'ALARM_TIMEOUT' ? 'not answered' : (code ?? String(error))
}

describe('a call that is given up after `timeout`', () => {
  it('is what one is that fails then: the same calls, transitions and values let go in every schedule', () => {
    const kinds = new Map<string, number>()
    fc.assert(
      fc.property(schedule, (schedule) => {
        const failing = play('fails', schedule)
        expect(play('never answers', schedule)).toEqual(failing)
        for (const line of failing)
          for (const kind of kindsOf(line)) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
      }),
      { numRuns: 2_000, seed: 14 },
    )
    // Each way that a limit can go is in many of them.
    for (const kind of LIMITED)
      expect([kind, kinds.get(kind) ?? 0]).toEqual([kind, expect.toSatisfy((n) => n > 50)])
  })
})

const LIMITED = [
  'write-failed earlier',
  'write-failed later',
  'write-retried',
  'write-given-up',
  'commit-failed',
  'epoch-raised',
  'broken ALARM_PRECOMMIT_FAILED not answered',
  'broken ALARM_COMMIT_FAILED not answered',
  'let go',
  'kept ALARM_COMMIT_FAILED',
  'answered ran',
  'answered rescheduled',
  'not answered ALARM_WRITE_FAILED',
]

function kindsOf([, kind, ...more]: readonly unknown[]): string[] {
  const [event] = more as { move?: string }[]
  if (kind === 'write-failed') return [`${kind} ${event?.move}`]
  return [String(kind), [kind, ...more.filter((each) => typeof each === 'string')].join(' ')]
}
