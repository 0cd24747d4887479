import { asapScheduler, Observable, type ObservableInput, of, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { memoryManager, openAlarm, openFleet } from '../../src/index.ts'
import { ignoreUncaught } from '../uncaught.ts'
import { type Call, thrower, ways } from './misbehaving-ways.ts'

// Each function of a user's, misbehaving in each way, at once and later: whatever waits gets an answer, and nothing spins.

const entries = [
  'commit',
  'precommit',
  'later write',
  'raise',
  'load',
  'commitMany',
  'writeMany',
  'handler',
  'abandon',
  'retry.delay',
  'now',
] as const
type Entry = (typeof entries)[number]

const MOST = 60 // calls: what spins makes thousands

/** Lets one entry misbehave; returns how each that waits was answered. */
async function play(entry: Entry, way: Call): Promise<{ answers: Record<string, string>; calls: number }> {
  const answers: Record<string, string> = {}
  let calls = 0
  let isOdd = true
  const odd = <T>(own: Entry, fine: T): T => {
    if (++calls > MOST) isOdd = false
    return own === entry && isOdd ? (way() as T) : fine
  }
  const wait = (name: string, source$: ObservableInput<unknown>): void => {
    answers[name] = 'waits'
    new Observable((subscriber) => (source$ as Observable<unknown>).subscribe(subscriber)).subscribe({
      error: (error) => (answers[name] = `error ${String((error as { code?: string })?.code)}`),
      complete: () => (answers[name] = 'done'),
    })
  }
  const isLater = entry === 'later write' || entry === 'retry.delay'
  const scheduler = {
    now: () => (entry === 'now' ? (odd('now', 0) as number) : 0),
    schedule: asapScheduler.schedule.bind(asapScheduler) as typeof asapScheduler.schedule,
  }
  const shared = {
    reconcile: false,
    retry: { count: 1, delay: () => odd('retry.delay', 0) as number },
    commit: () => odd('commit', []),
    write: () =>
      entry === 'retry.delay'
        ? Promise.reject(new Error('down'))
        : odd(isLater ? 'later write' : 'precommit', []),
    scheduler,
  }
  const turns = async (): Promise<void> => {
    for (let i = 0; i < 12; i++) await new Promise((resolve) => setImmediate(resolve))
  }
  const quietly = (ask: () => void): void => {
    try {
      ask()
    } catch {}
  }

  if (entry === 'handler' || entry === 'abandon') {
    const manager = memoryManager()
    const alarm = openAlarm({
      ...shared,
      key: 'a',
      commit: () => [],
      write: (time, info) => manager.write('a', time, info),
    })
    const events: string[] = []
    const subscription = manager
      .deliveries(
        (delivery) =>
          alarm.deliver(delivery, () => {
            if (entry === 'handler') return odd('handler', [])
            throw { retry: false }
          }),
        { abandon: () => odd('abandon', of(null)) as Observable<null> },
      )
      .subscribe({
        next: ({ kind }) => events.push(kind),
        error: (error) => (answers.deliveries = `error ${error}`),
      })
    alarm.set(0)
    await turns()
    await new Promise((resolve) => setTimeout(resolve, 5))
    await turns()
    answers.delivery = events.some((kind) => ['done', 'failed', 'abandoned'].includes(kind))
      ? 'done'
      : 'waits'
    wait('confirmed', alarm.confirmed())
    subscription.unsubscribe()
    alarm.close()
  } else if (entry === 'load' || entry === 'commitMany' || entry === 'writeMany') {
    const fleet = openFleet({
      ...shared,
      load: () => odd('load', of({ time: null, epoch: 1 })) as Observable<{ time: null; epoch: number }>,
      ...(entry === 'commitMany' && {
        commitMany: () => odd('commitMany', of([null])) as Observable<null[]>,
      }),
      ...(entry === 'writeMany' && { writeMany: () => odd('writeMany', of([null])) as Observable<null[]> }),
    })
    const actor = fleet.actor('a')
    quietly(() => actor.set(5))
    wait('confirmed', actor.confirmed())
    wait('drained', actor.drained())
    wait('gate', of(1).pipe(actor.holdUntilConfirmed()))
    await turns()
    isOdd = false
    quietly(() => actor.set(4))
    wait('confirmed afterwards', actor.confirmed())
    await turns()
    fleet.close()
  } else {
    const initial = isLater ? 1 : null
    const alarm = openAlarm({
      ...shared,
      initial,
      ...(entry === 'raise' && {
        write: () => {
          throw Object.assign(new Error('fenced'), { code: 'ALARM_FENCED', held: 2 ** 30 })
        },
        raise: () => odd('raise', of(9)) as Observable<number>,
      }),
    })
    alarm.events$.subscribe({ error: (error) => (answers.events = `error ${error?.code}`) })
    quietly(() => alarm.set(5))
    wait('confirmed', alarm.confirmed())
    wait('drained', alarm.drained())
    wait('gate', of(1).pipe(alarm.holdUntilConfirmed()))
    await turns()
    isOdd = false
    let isBroken = false
    try {
      alarm.set(isLater ? 6 : 4)
    } catch {
      isBroken = true
    }
    if (!isBroken) wait('confirmed afterwards', alarm.confirmed())
    await turns()
    quietly(() => alarm.close())
  }
  return { answers, calls }
}

describe.each(entries)('%s that', (entry) => {
  ignoreUncaught()

  it.each(ways)('%s leaves nothing waiting, and does not spin', async (_, way) => {
    const { answers, calls } = await play(entry, way)
    expect(Object.entries(answers).filter(([, answer]) => answer === 'waits')).toEqual([])
    expect(calls).toBeLessThan(MOST)
  })
})

describe('an alarm', () => {
  it('is broken with a typed error by what is thrown while it is kept: all that wait get it', () => {
    let now = (): number => 0
    const alarm = openAlarm({
      reconcile: false,
      scheduler: { now: () => now(), schedule: asapScheduler.schedule.bind(asapScheduler) } as never,
      commit: () => [],
      write: () => new Subject(),
    })
    alarm.set(5)
    const seen: string[] = []
    alarm.drained().subscribe({ error: ({ code }) => seen.push(code) })
    of(1)
      .pipe(alarm.holdUntilConfirmed())
      .subscribe({ error: ({ code }) => seen.push(code) })
    now = thrower // since when the next one is held is asked in the middle of the rules
    expect(() => alarm.set(3)).toThrow(expect.objectContaining({ code: 'ALARM_INTERNAL', counted: false }))
    now = () => 0
    expect(seen).toEqual(['ALARM_INTERNAL', 'ALARM_INTERNAL'])
    expect(() => alarm.set(2)).toThrow(expect.objectContaining({ code: 'ALARM_INTERNAL' }))
  })

  it('is broken likewise where the stack is full: it does not look as if it ran', () => {
    const alarm = openAlarm({ reconcile: false, commit: () => [], write: () => [] })
    const errors: unknown[] = []
    const deeper = (): void => {
      try {
        alarm.set(errors.length + 1)
        deeper()
      } catch (error) {
        errors.push(error)
      }
    }
    deeper()
    let end = 'waits'
    alarm.confirmed().subscribe({ complete: () => (end = 'done'), error: () => (end = 'error') })
    expect(end).not.toBe('waits')
  })
})
