import { AsyncLocalStorage } from 'node:async_hooks'
import { EMPTY, finalize, NEVER, Observable, type ObservableInput, of, Subject, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { arm } from '../../src/actor/delivery/arming.ts'
import {
  type Alarm,
  type AlarmConfig,
  type AlarmEvent,
  AlarmFencedError,
  type AlarmTime,
  openAlarm,
  type Wakeup,
} from '../../src/index.ts'
import { virtualClock } from '../../src/marbles/clock/virtual-clock.ts'
import { fenceOf } from '../../src/vocabulary/fence.ts'
import { uncaughtDuring } from '../fleet/rig.ts'

function open(more: Partial<AlarmConfig> = {}): { alarm: Alarm; calls: string[] } {
  const calls: string[] = []
  const alarm = openAlarm({
    initial: 1,
    reconcile: false,
    scheduler: virtualClock(0),
    commit(time) {
      calls.push(`commit ${time}`)
      return EMPTY
    },
    write(time) {
      calls.push(`write ${time}`)
      return EMPTY
    },
    ...more,
  })
  return { alarm, calls }
}

function watch(stream$: Observable<unknown>, seen: string[] = []): string[] {
  stream$.subscribe({
    next: (outcome) => seen.push((outcome as { kind: string }).kind),
    error: (error) => seen.push(error.code ?? error.message),
    complete: () => seen.push('complete'),
  })
  return seen
}

describe('the arming table', () => {
  const clean = { desired: 5, isClean: true }
  const unclean = { desired: 5, isClean: false }

  it.each<[string, Parameters<typeof arm>[0], number, number, ReturnType<typeof arm>]>([
    ['the alarm itself', clean, 5, 0, { run: 5, deletes: true }],
    ['the alarm itself, unconfirmed', unclean, 5, 0, { run: 5, deletes: true }],
    ['another, ours is due', clean, 3, 5, { run: 5, deletes: true }],
    ['another, ours is not due', clean, 3, 4, { reschedule: 5 }],
    ['another, none is ours', { desired: null, isClean: true }, 3, 4, { reschedule: null }],
    ['another, with an intent or a commit under way', unclean, 3, 9, { run: 3, deletes: false }],
  ])('woken for %s', (_, alarm, scheduledTime, now, arming) => {
    expect(arm(alarm, scheduledTime, now)).toEqual(arming)
  })
})

describe('deliver', () => {
  it('does nothing before it is subscribed, and tells the handler what it handles', () => {
    const { alarm, calls } = open()
    const told: unknown[] = []
    const outcome$ = alarm.deliver({ scheduledTime: 1, retryCount: 2 }, (info) => {
      told.push(info, alarm.time)
      return EMPTY
    })
    expect(told).toEqual([])
    expect(watch(outcome$)).toEqual(['ran', 'complete'])
    expect(told).toEqual([{ id: '1', scheduledTime: 1, retryCount: 2, isRetry: true }, null])
    expect([alarm.time, calls]).toEqual([null, ['commit null']])
  })

  it('tells an overdue handler the alarm that was set, not the one that woke it', () => {
    const { alarm } = open({ initial: 4, scheduler: virtualClock(9) })
    const told: unknown[] = []
    watch(alarm.deliver({ scheduledTime: 1 }, (info) => of(told.push(info))))
    expect(told).toEqual([{ id: '1-4', scheduledTime: 4, retryCount: 0, isRetry: false }])
  })

  it.each<[string, Wakeup, string]>([
    ['a time', { scheduledTime: 1.5 }, 'ALARM_TIME_INVALID'],
    ['a count', { scheduledTime: 1, retryCount: -1 }, 'ALARM_DELIVERY_INVALID'],
    ['a fence', { scheduledTime: 1, fence: Number.NaN }, 'ALARM_DELIVERY_INVALID'],
  ])('refuses %s that cannot be, and changes nothing', (_, wakeup, code) => {
    const { alarm, calls } = open()
    expect(watch(alarm.deliver(wakeup, () => EMPTY))).toEqual([code])
    expect([alarm.time, calls]).toEqual([1, []])
  })

  it('refuses the wake-up of another actor, which its manager must not take for done', () => {
    const { alarm, calls } = open({ key: '42' })
    let error: unknown
    alarm.deliver({ key: 'b', scheduledTime: 1 }, () => EMPTY).subscribe({ error: (e) => (error = e) })
    expect(error).toMatchObject({
      code: 'ALARM_DELIVERY_INVALID',
      counted: false,
      message:
        'This wake-up is that of "b", and this is the alarm of "42". Look the actor up by delivery.key, or let openFleet do it. ' +
        'Where the manager knows this one by another key, pass { ...delivery, key }.',
    })
    expect([alarm.time, calls]).toEqual([1, []])
    expect(watch(alarm.deliver({ key: '42', scheduledTime: 1 }, () => EMPTY))).toEqual(['ran', 'complete'])
    const unnamed = open().alarm
    expect(watch(unnamed.deliver({ key: 'b', scheduledTime: 1 }, () => EMPTY))).toEqual(['ran', 'complete'])
  })

  it('refuses what is no handler', () => {
    const { alarm } = open()
    const handler = undefined as unknown as () => ObservableInput<unknown>
    expect(watch(alarm.deliver({ scheduledTime: 1 }, handler))).toEqual(['ALARM_DELIVERY_INVALID'])
  })

  it.each([
    [{ retryCount: -1 }, 'retryCount -1, fence undefined, id undefined'],
    [{ retryCount: 0.5 }, 'retryCount 0.5, fence undefined, id undefined'],
    [{ fence: -1 }, 'retryCount undefined, fence -1, id undefined'],
    [{ fence: '1' as never }, 'retryCount undefined, fence "1", id undefined'],
    [{ id: 7 as never }, 'retryCount undefined, fence undefined, id 7'],
  ])('refuses a wake-up with %j', (more, told) => {
    const { alarm } = open()
    let error: unknown
    alarm.deliver({ scheduledTime: 1, ...more }, () => EMPTY).subscribe({ error: (e) => (error = e) })
    expect(error).toMatchObject({
      code: 'ALARM_DELIVERY_INVALID',
      message:
        'A delivery is { key?, scheduledTime, retryCount?, fence?, id? } in whole numbers, 0 or more, with a function to handle it; ' +
        `given ${told} and a function.`,
    })
  })

  it.each<[string, () => ObservableInput<unknown>, string]>([
    [
      'throws',
      () => {
        throw new Error('boom')
      },
      'boom',
    ],
    ['returns nothing', () => undefined as unknown as ObservableInput<unknown>, 'ALARM_RETURN_INVALID'],
  ])('fails with a handler that %s; the alarm stays', (_, handler, error) => {
    const { alarm, calls } = open()
    expect(watch(alarm.deliver({ scheduledTime: 1 }, handler))).toEqual([error])
    expect([alarm.time, calls]).toEqual([1, []])
  })

  it('passes the very error of the handler, with what it says of counting', () => {
    const { alarm } = open()
    const error = Object.assign(new Error('busy'), { counted: false })
    let seen: unknown
    alarm.deliver({ scheduledTime: 1 }, () => Promise.reject(error)).subscribe({ error: (e) => (seen = e) })
    return Promise.resolve()
      .then(() => {})
      .then(() => expect(seen).toBe(error))
  })

  it('runs one handler at a time: the next delivery is judged when its turn comes', () => {
    const { alarm, calls } = open()
    const handlers = [new Subject(), new Subject()]
    let ran = 0
    const deliver = () =>
      watch(alarm.deliver({ scheduledTime: 1 }, () => handlers[ran++] as Subject<unknown>))
    const first = deliver()
    const second = deliver()
    expect(ran).toBe(1)
    handlers[0]?.complete()
    expect([first, second, ran]).toEqual([['ran', 'complete'], ['rescheduled', 'complete'], 1])
    expect(calls).toEqual(['commit null', 'write null'])
  })

  it('unsubscribed while the handler runs, leaves the alarm as it was, for the next delivery', () => {
    const { alarm, calls } = open()
    let torn = 0
    const handler = () => new Observable(() => () => torn++)
    const delivery = alarm.deliver({ scheduledTime: 1 }, handler).subscribe()
    const waiting = alarm.deliver({ scheduledTime: 1 }, () => expect.unreachable()).subscribe()
    waiting.unsubscribe()
    expect(alarm.time).toBe(null)
    delivery.unsubscribe()
    expect([alarm.time, torn, calls]).toEqual([1, 1, []])
    expect(watch(alarm.deliver({ scheduledTime: 1 }, () => EMPTY))).toEqual(['ran', 'complete'])
  })

  it('unsubscribed while the handler runs, lets the next one begin once that is torn down', () => {
    const { alarm } = open()
    const order: string[] = []
    const handler = (name: string) => () =>
      new Observable(() => {
        order.push(`${name} begins`)
        return () => order.push(`${name} is torn down`)
      })
    const first = alarm.deliver({ scheduledTime: 1 }, handler('first')).subscribe()
    const second = alarm.deliver({ scheduledTime: 1 }, handler('second')).subscribe()
    first.unsubscribe()
    expect(order).toEqual(['first begins', 'first is torn down', 'second begins'])
    second.unsubscribe()
  })

  it('unsubscribed by the teardown of a handler that has completed, deletes nothing', () => {
    const { alarm, calls } = open()
    const done = new Subject<never>()
    const handler = () => done.pipe(finalize(() => delivery.unsubscribe()))
    const delivery = alarm.deliver({ scheduledTime: 1 }, handler).subscribe()
    done.complete()
    expect([alarm.time, calls]).toEqual([1, []])
  })

  it('unsubscribed while it waits for the deletion to be durable, lets it become so', () => {
    const commit = new Subject()
    const { alarm, calls } = open({ commit: () => commit })
    const delivery = alarm.deliver({ scheduledTime: 1 }, () => EMPTY).subscribe()
    delivery.unsubscribe()
    commit.complete()
    expect([alarm.time, calls]).toEqual([null, ['write null']]) // nobody answered, so the manager is told
  })

  it('is failed by an alarm that breaks while the handler runs, and the handler is stopped', () => {
    let torn = 0
    const { alarm } = open({ commit: () => NEVER })
    const seen = watch(alarm.deliver({ scheduledTime: 1 }, () => new Observable(() => () => torn++)))
    alarm.close()
    expect([seen, torn]).toEqual([['ALARM_CLOSED'], 1])
  })

  it.each([
    ['before the first handler ends', true],
    ['after that', false],
  ])(
    'fails in the order in which they arrived where the alarm breaks, also one that came %s',
    (_, isEarly) => {
      const commit$ = new Subject<never>()
      const handler$ = new Subject<never>()
      const { alarm } = open({ commit: () => commit$ })
      const failed: number[] = []
      const deliver = (which: number, handled$: Observable<never>): void => {
        alarm.deliver({ scheduledTime: 1 }, () => handled$).subscribe({ error: () => failed.push(which) })
      }
      deliver(1, handler$)
      if (isEarly) deliver(2, EMPTY)
      handler$.complete()
      if (!isEarly) deliver(2, EMPTY)
      commit$.error(new Error('no'))
      expect(failed).toEqual([1, 2])
    },
  )

  it('is failed by an alarm that breaks, and so is everybody who waits after it', () => {
    const { alarm } = open()
    const seen = [
      watch(alarm.deliver({ scheduledTime: 1 }, () => NEVER)),
      watch(alarm.deliver({ scheduledTime: 1 }, () => NEVER)),
    ]
    alarm.close()
    expect(seen).toEqual([['ALARM_CLOSED'], ['ALARM_CLOSED']])
  })

  it('says by its name that the handler returned nothing', () => {
    const { alarm } = open()
    let error: unknown
    alarm.deliver({ scheduledTime: 1 }, () => 5 as never).subscribe({ error: (e) => (error = e) })
    expect(error).toMatchObject({ message: expect.stringMatching(/^The handler must return an Observable/) })
  })

  it('deletes nothing when its handler closes the alarm', () => {
    const { alarm, calls } = open()
    const close = () => {
      alarm.close()
      return EMPTY
    }
    expect([watch(alarm.deliver({ scheduledTime: 1 }, close)), calls]).toEqual([['ALARM_CLOSED'], []])
  })

  it('fails, uncounted, when the manager cannot be put right, and the write goes on in the background', () => {
    const scheduler = virtualClock(0)
    const answers = [new Subject(), new Subject()]
    let writes = 0
    const { alarm } = open({ initial: 5, scheduler, write: () => answers[writes++] as Subject<unknown> })
    let error: unknown
    alarm.deliver({ scheduledTime: 1 }, () => expect.unreachable()).subscribe({ error: (e) => (error = e) })
    answers[0]?.error(new Error('down'))
    expect(error).toMatchObject({ code: 'ALARM_WRITE_FAILED', counted: false, cause: new Error('down') })
    scheduler.advance(1000)
    expect(writes).toBe(2)
  })

  it('answers only once what its handler has set has been written too', () => {
    const write = new Subject()
    const { alarm } = open({ write: () => write })
    const seen = watch(
      alarm.deliver({ scheduledTime: 1 }, () => {
        alarm.set(9)
        return EMPTY
      }),
    )
    expect(seen).toEqual([])
    write.complete()
    expect(seen).toEqual(['ran', 'complete'])
  })

  it('takes a fence above ours for our newest, and ends', () => {
    const { alarm, calls } = open()
    const later = () => {
      alarm.set(50)
      return EMPTY
    }
    expect(watch(alarm.deliver({ scheduledTime: 1, fence: 999 }, later))).toEqual(['ran', 'complete'])
    expect(calls).toEqual(['commit 50', 'write 50'])
  })

  it('counts a write of an earlier incarnation as none of ours', () => {
    const { alarm, calls } = open({ epoch: 3 })
    const again = () => {
      alarm.set(1)
      return EMPTY
    }
    expect(watch(alarm.deliver({ scheduledTime: 1, fence: 7 }, again))).toEqual(['ran', 'complete'])
    expect([calls, alarm.time]).toEqual([['write 1', 'commit 1'], 1])
  })

  it.each<[string, Wakeup, string]>([
    ['the id that the manager delivers', { scheduledTime: 1, fence: 7, id: 'x' }, 'x'],
    ['else the fence and the time', { scheduledTime: 1, fence: 7 }, '7-1'],
    ['or the time alone', { scheduledTime: 1 }, '1'],
  ])('tells the handler which alarm it is: %s', (_, wakeup, id) => {
    const { alarm } = open()
    const told: string[] = []
    watch(alarm.deliver(wakeup, (info) => of(told.push(info.id))))
    expect(told).toEqual([id])
  })

  it('tells of a manager that was later than the store', () => {
    const { alarm, calls } = open()
    const events: AlarmEvent[] = []
    alarm.events$.subscribe((event) => events.push(event))
    expect(watch(alarm.deliver({ scheduledTime: 2 }, () => EMPTY))).toEqual(['rescheduled', 'complete'])
    expect(events).toContainEqual({ at: 0, key: '', kind: 'violation', manager: 2, committed: 1 })
    expect(calls).toEqual(['write 1'])
  })
})

describe('a handler is over when it has been torn down', () => {
  it('and what it sets there stands', () => {
    const { alarm, calls } = open()
    const work = new Subject<never>()
    const seen = watch(alarm.deliver({ scheduledTime: 1 }, () => work.pipe(finalize(() => alarm.set(50)))))
    work.complete()
    expect([calls, seen, alarm.time]).toEqual([['commit 50', 'write 50'], ['ran', 'complete'], 50])
  })

  it('and the next one begins then, also where it has completed while it was subscribed', () => {
    const { alarm } = open()
    const order: string[] = []
    const next = () => {
      order.push('the next one')
      return EMPTY
    }
    const handler = () =>
      new Observable<never>((subscriber) => {
        alarm.deliver({ scheduledTime: 1 }, next).subscribe()
        subscriber.complete()
        return () => order.push('torn down')
      })
    alarm.deliver({ scheduledTime: 1 }, handler).subscribe()
    expect(order[0]).toBe('torn down')
  })
})

it('what a handler rejects with that has broken its alarm is not reported once more', async () => {
  const { alarm } = open({
    write: () => {
      throw new Error('down')
    },
  })
  const seen: string[] = []
  const uncaught = await uncaughtDuring(() => {
    watch(
      alarm.deliver({ scheduledTime: 1 }, async () => alarm.set(0)),
      seen,
    )
  })
  expect([seen, uncaught]).toEqual([['ALARM_PRECOMMIT_FAILED'], []])
})

it('what is thrown as an answered delivery is torn down is reported, though its store answers at once', async () => {
  const after = () => {
    throw new Error('torn down')
  }
  const { alarm } = open()
  const work = new Subject<never>()
  const uncaught = await uncaughtDuring(() => {
    alarm
      .deliver({ scheduledTime: 1 }, () => work)
      .pipe(finalize(after))
      .subscribe()
    work.complete()
  })
  expect(uncaught).toEqual([expect.stringContaining('torn down')])
})

it('a delivery is failed in its own asynchronous context, after what began to wait before it', () => {
  const context = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const note = (what: string) => () => seen.push([what, context.getStore()])
  const { alarm } = open({ commit: () => NEVER })
  context.run('a request', () => {
    alarm.touch()
    alarm.confirmed().subscribe({ error: note('confirmed') })
  })
  context.run('a delivery', () => {
    alarm
      .deliver({ scheduledTime: 1 }, () => NEVER.pipe(finalize(note('torn down'))))
      .subscribe({ error: note('failed') })
  })
  context.run('another request', () => alarm.close())
  expect(seen).toEqual([
    ['confirmed', 'a request'],
    ['failed', 'a delivery'],
    ['torn down', 'a delivery'],
  ])
})

describe('the answer as the deletion', () => {
  it('needs no write, also where the last commit ends at once, after others were waited for', () => {
    const waiting: Subject<never>[] = []
    let isAtOnce = false
    const { alarm, calls } = open({
      commit(time) {
        calls.push(`commit ${time}`)
        if (isAtOnce) return EMPTY
        waiting.push(new Subject())
        return waiting.at(-1)!
      },
      scheduler: virtualClock(9),
      write(time) {
        calls.push(`write ${time}`)
        return NEVER
      },
    })
    alarm.set(5)
    alarm.touch()
    waiting[0]!.complete()
    const outcomes = watch(alarm.deliver({ scheduledTime: 1 }, () => EMPTY))
    isAtOnce = true
    waiting[1]!.complete()
    expect(calls).toEqual(['commit 5', 'commit 5', 'commit null'])
    expect(outcomes).toEqual(['ran', 'complete'])
  })
})

describe('the answer that deletes the copy of the manager is not relied on', () => {
  function openHeld(initial: AlarmTime) {
    const calls: string[] = []
    const open$: Subject<never>[] = []
    const hold = (name: string) => (time: AlarmTime) => {
      calls.push(`${name} ${time}`)
      open$.push(new Subject())
      return open$.at(-1)!
    }
    const { alarm } = open({
      initial,
      scheduler: virtualClock(9),
      commit: hold('commit'),
      write: hold('write'),
    })
    const end = (nth = 0): void => open$.splice(nth, 1)[0]!.complete()
    return { alarm, calls, end }
  }

  it('while a commit is in flight, which needs it once more', () => {
    const { alarm, calls, end } = openHeld(1)
    const outcomes = watch(alarm.deliver({ scheduledTime: 1 }, () => EMPTY))
    alarm.set(20)
    end()
    alarm.delete()
    alarm.set(30)
    expect(calls).toEqual(['commit null', 'commit 20']) // and no precommit of 30: 1 is with the manager
    end()
    expect([calls.at(-1), outcomes]).toEqual(['commit 30', []])
  })

  it('while a write is in flight, whose very alarm was delivered before it was acknowledged', () => {
    const { alarm, calls, end } = openHeld(null)
    alarm.set(5)
    end()
    end()
    alarm.set(8)
    end()
    expect(calls).toEqual(['write 5', 'commit 5', 'commit 8', 'write 8'])
    watch(alarm.deliver({ scheduledTime: 8, fence: fenceOf(1, 2) }, () => EMPTY))
    end(1)
    alarm.set(30)
    expect(calls.slice(4)).toEqual(['commit null', 'commit 30']) // and no precommit of 30, held behind the write
  })
})

it('a delivery fails where the last write was given up before it arrived, and says so', () => {
  const { alarm } = open({ write: () => throwError(() => new Error('down')), retry: { count: 0 } })
  alarm.set(5)
  const errors: unknown[] = []
  alarm
    .deliver({ scheduledTime: 5, fence: 1 }, () => EMPTY)
    .subscribe({ error: (error) => errors.push(error) })
  expect(errors).toMatchObject([
    { code: 'ALARM_WRITE_FAILED', cause: { message: 'its last write was given up, or is still in flight' } },
  ])
})

it('a handler that runs is not said to have drained anything', () => {
  const { alarm } = open()
  const kinds: string[] = []
  alarm.events$.subscribe(({ kind }) => kinds.push(kind))
  const run = alarm.deliver({ scheduledTime: 1 }, () => NEVER).subscribe()
  run.unsubscribe()
  expect(kinds).toEqual(['delivery-arrived', 'delivery-run'])
})

describe('an idle alarm holds nothing', () => {
  const workOf = (alarm: Alarm) => Object.getOwnPropertyDescriptor(alarm, 'work')?.value

  it('after a delivery', () => {
    const { alarm } = open()
    expect(watch(alarm.deliver({ scheduledTime: 1 }, () => EMPTY))).toEqual(['ran', 'complete'])
    expect(workOf(alarm)).toBeNull()
  })

  it('after a delivery whose deletion took its time', () => {
    const commit = new Subject()
    const { alarm } = open({ commit: () => commit })
    alarm.deliver({ scheduledTime: 1 }, () => EMPTY).subscribe()
    commit.complete()
    expect(workOf(alarm)).toBeNull()
  })

  it('after a delivery that was cancelled', () => {
    const { alarm } = open()
    alarm
      .deliver({ scheduledTime: 1 }, () => NEVER)
      .subscribe()
      .unsubscribe()
    expect(workOf(alarm)).toBeNull()
  })

  it('after it kept another alarm than the one that is given up', () => {
    const { alarm } = open()
    expect(alarm.abandon(7)).toBe(1)
    expect(workOf(alarm)).toBeNull()
  })

  it('after somebody waited and left', () => {
    const { alarm } = open({ write: () => NEVER })
    alarm.set(0)
    alarm.confirmed().subscribe().unsubscribe()
    expect(workOf(alarm)).toMatchObject({ waiters: 0 })
  })
})

describe('abandon', () => {
  it('throws what breaks the alarm at once, and that is all', async () => {
    const { alarm } = open({ commit: () => throwError(() => new Error('full')) })
    const abandon = () =>
      expect(() => alarm.abandon(1)).toThrow(expect.objectContaining({ code: 'ALARM_COMMIT_FAILED' }))
    expect(await uncaughtDuring(abandon)).toEqual([])
  })

  it('is said to be an intent that closes the gate, as one of the application is', () => {
    const { alarm } = open()
    const events: AlarmEvent[] = []
    alarm.events$.subscribe((event) => events.push(event))
    alarm.abandon(1)
    expect(events[0]).toMatchObject({ kind: 'intent', time: null, unconfirmed: false })
  })

  it('deletes the alarm that is given up, and no other', () => {
    const { alarm, calls } = open()
    expect(alarm.abandon(7)).toBe(1)
    expect(calls).toEqual([])
    expect(alarm.abandon(1)).toBe(null)
    expect([alarm.time, calls]).toEqual([null, ['commit null', 'write null']])
    expect(alarm.abandon(1)).toBe(null)
    expect(calls).toHaveLength(2)
  })

  const refused = expect.objectContaining({ code: 'ALARM_WRITE_FAILED', counted: false })

  it('has to be asked again while a commit is in flight: what is under way stands', () => {
    const { alarm, calls } = open({ commit: () => NEVER })
    alarm.set(5)
    expect(() => alarm.abandon(1)).toThrowError(refused)
    expect(() => alarm.abandon(5)).toThrowError(refused)
    expect([alarm.time, calls]).toEqual([5, []])
  })

  it('has to be asked again while what was put back is not durable', () => {
    const write$ = new Subject<never>()
    const commits: (number | null)[] = []
    const { alarm } = open({
      initial: 5,
      write: () => write$,
      commit(time) {
        commits.push(time)
        return commits.length === 1 ? NEVER : EMPTY
      },
    })
    alarm.set(3)
    alarm.set(5)
    write$.complete()
    expect(commits).toEqual([5])
    expect(() => alarm.abandon(5)).toThrowError(refused)
  })

  it('has to be asked again while a handler runs, whose success or failure decides', () => {
    const { alarm, calls } = open()
    const handler$ = new Subject<never>()
    alarm.deliver({ scheduledTime: 1 }, () => handler$).subscribe()
    expect(() => alarm.abandon(1)).toThrowError(refused)
    expect(() => alarm.abandon(1)).toThrowError('a handler of its actor runs')
    expect([calls, alarm.time]).toEqual([[], null])
    handler$.complete()
    expect(calls).toEqual(['commit null'])
  })

  describe('of an alarm that another incarnation has written', () => {
    const theirs = { fence: fenceOf(2, 1) }

    it('keeps nothing that it remembers: its own write is refused, and it breaks', () => {
      const refusal = new AlarmFencedError('a', fenceOf(1, 1), theirs.fence)
      const { alarm, calls } = open({ key: 'a', epoch: 1, write: () => throwError(() => refusal) })
      expect(() => alarm.abandon(7, theirs)).toThrowError(refusal)
      expect(calls).toEqual([])
      expect(() => alarm.time).toThrowError(refusal)
    })

    it('has to be asked again where the write is under way, or has shown that this one is the owner', () => {
      const write$ = new Subject<never>()
      const { alarm } = open({ epoch: 1, write: () => write$ })
      expect(() => alarm.abandon(7, theirs)).toThrowError('another incarnation has written it')
      expect(() => alarm.abandon(7, theirs)).toThrowError('a commit or a manager write of its actor')
      write$.complete()
      expect(() => alarm.abandon(7, theirs)).toThrowError(refused)
    })

    it('is answered once the store has raised its epoch above that fence', () => {
      const writes: string[] = []
      const { alarm } = open({
        epoch: 1,
        raise: () => of(3),
        write(time, { fence }) {
          writes.push(`${time} ${fence > theirs.fence ? 'above' : 'below'}`)
          return fence > theirs.fence
            ? EMPTY
            : throwError(() => new AlarmFencedError('a', fence, theirs.fence))
        },
      })
      expect(() => alarm.abandon(7, theirs)).toThrowError(refused)
      expect(writes).toEqual(['1 below', '1 above'])
      expect(alarm.abandon(7, theirs)).toBe(1)
    })

    it('is no other one where the fence is of this one, or of one before', () => {
      const { alarm } = open({ epoch: 2, initial: null })
      alarm.set(9)
      expect(alarm.abandon(7, { fence: fenceOf(2, 1) })).toBe(9)
      expect(alarm.abandon(7, { fence: fenceOf(1, 5) })).toBe(9)
      expect(() => alarm.abandon(7, { fence: fenceOf(2, 9) })).toThrowError(refused)
    })
  })

  it('may be asked as soon as the handler has failed, by a manager that does so at once', () => {
    const { alarm, calls } = open()
    const fails = () => throwError(() => new Error('poison'))
    let kept: number | null | undefined
    alarm.deliver({ scheduledTime: 1 }, fails).subscribe({ error: () => (kept = alarm.abandon(1)) })
    expect([kept, calls]).toEqual([null, ['commit null', 'write null']])
  })

  it.each(['waits', 'listens'])('commits the deletion before anything that %s can set anew', (how) => {
    const commits: (number | null)[] = []
    const commit$ = new Subject<never>()
    const { alarm } = open({
      commit(time) {
        commits.push(time)
        return commits.length === 1 ? commit$ : NEVER
      },
    })
    const giveUp = () => {
      expect(alarm.abandon(5)).toBe(null)
      alarm.set(3_600_000)
    }
    if (how === 'listens') alarm.events$.subscribe(({ kind }) => kind === 'drained' && giveUp())
    alarm.set(5)
    if (how === 'waits') alarm.drained().subscribe(giveUp)
    commit$.complete()
    expect(commits).toEqual([5, null])
  })

  it('counts the manager as holding nothing from then on: the same time set again is told to it first', () => {
    const commits: Subject<unknown>[] = []
    const { alarm, calls } = open({
      commit(time) {
        calls.push(`commit ${time}`)
        commits.push(new Subject())
        return commits.at(-1) as Subject<unknown>
      },
    })
    expect(alarm.abandon(1)).toBe(null)
    alarm.set(1)
    expect(calls).toEqual(['commit null'])
    commits[0]?.complete()
    expect(calls).toEqual(['commit null', 'write 1', 'commit 1'])
    commits[1]?.complete()
    expect(calls).toHaveLength(3)
  })

  it('lets the manager ask again while a precommit is in flight', () => {
    const { alarm } = open({ initial: null, write: () => NEVER })
    alarm.set(5)
    expect(() => alarm.abandon(5)).toThrowError(
      expect.objectContaining({ code: 'ALARM_WRITE_FAILED', counted: false }),
    )
  })

  it('needs a precommit from then on, also where the deletion was committed at once', () => {
    const writes: string[] = []
    const { alarm, calls } = open({
      write(time) {
        writes.push(`write ${time}`)
        return NEVER
      },
    })
    alarm.abandon(1)
    alarm.set(50)
    // 50 is held behind the write in flight, and not committed before the manager has it
    expect([writes, calls]).toEqual([['write null'], ['commit null']])
  })

  it('tells the manager of the deletion once it is durable', () => {
    const commit = new Subject()
    const { alarm, calls } = open({ commit: () => commit })
    alarm.abandon(1)
    expect(calls).toEqual([])
    commit.complete()
    expect([calls, alarm.time]).toEqual([['write null'], null])
  })

  it('says why it has to be asked again', () => {
    const { alarm } = open({ write: () => NEVER })
    alarm.set(0)
    expect(() => alarm.abandon(1)).toThrowError(
      'The alarm 1 of "" cannot be given up now: a commit or a manager write of its actor is in flight. ' +
        'Nothing is lost: answer the manager with this error and it asks again.',
    )
  })

  it('refuses a time that cannot be', () => {
    const { alarm } = open()
    expect(() => alarm.abandon(-1)).toThrowError(expect.objectContaining({ code: 'ALARM_TIME_INVALID' }))
  })
})
