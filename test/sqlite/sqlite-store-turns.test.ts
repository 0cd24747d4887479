import {
  concat,
  defer,
  EMPTY,
  Observable,
  range,
  Subject,
  take,
  tap,
  timer,
  VirtualTimeScheduler,
} from 'rxjs'
import { describe, expect, it } from 'vitest'
import { memoryManager } from '../../src/ledger/memory-manager.ts'
import type { ActorStore } from '../../src/sqlite/sqlite-store.ts'
import { isLocked, look, managerOf, newPath, open, script, turn } from './sqlite-store-rig.ts'

const gone = () => {
  throw new Error('undo')
}

// D is a number of the conformance list (see marbles/README.md): a hole in the design of cloudflare/workerd.
describe('sqliteStore: a turn', () => {
  it('is what is written without an await: one commit, seen from outside whole or not at all', async () => {
    const { store, file, calls } = await script()
    store.put('a', 1)
    store.sql.exec('CREATE TABLE t (x)')
    store.put('b', 2)
    expect(look(file).values).toEqual([])
    expect(await calls()).toEqual(['commit'])
    expect(look(file).values).toEqual(['a', 'b'])
  })

  it('ends with an await', async () => {
    const { store, calls, ok } = await script()
    store.put('a', 1)
    await undefined
    store.put('b', 2)
    expect(await calls()).toEqual(['commit'])
    expect(await ok()).toEqual(['commit'])
  })

  it('that changes nothing commits nothing and leaves the file unlocked', async () => {
    const { store, file, calls } = await script()
    store.transaction((sql) => sql.all('SELECT 1'))
    expect(isLocked(file)).toBe(false)
    store.delete('nothing')
    expect(isLocked(file)).toBe(true)
    expect(await calls()).toEqual([])
    expect(isLocked(file)).toBe(false)
  })

  it('joins the transaction of one whose precommit is pending', async () => {
    const { store, file, calls, ok } = await script()
    store.alarm.set(5)
    store.put('a', 1)
    expect(await calls()).toEqual(['write 5'])
    store.put('b', 1)
    expect(await calls()).toEqual([])
    expect(store.transaction(() => store.get('b'))).toBe(1)
    expect(() =>
      store.transaction(() => {
        store.delete('a')
        store.alarm.set(1)
        gone()
      }),
    ).toThrow('undo')
    store.alarm.set(7)
    expect(await calls()).toEqual([])
    expect(look(file)).toMatchObject({ alarm: null, values: [] })
    expect(await ok()).toEqual(['commit'])
    expect(look(file)).toMatchObject({ alarm: 7, values: ['a', 'b'] })
    expect(await ok()).toEqual(['write 7'])
  })

  it('whose alarm goes there and back while a commit is in flight still commits its data', async () => {
    const { store, file, init, calls, ok } = await script()
    await init(5)
    store.put('a', 1)
    expect(await calls()).toEqual(['commit'])
    store.put('b', 1)
    store.alarm.set(6)
    await calls()
    store.alarm.set(5)
    expect(await calls()).toEqual([])
    const confirmed = track(store.alarm.confirmed())
    expect(look(file).values).toEqual(['a'])
    expect([await ok(), confirmed.state]).toEqual([['commit'], 'pending'])
    expect(look(file)).toMatchObject({ alarm: 5, values: ['a', 'b'] })
    expect([await ok(), confirmed.state]).toEqual([[], 'done'])
  })

  it('whose alarm goes there and back while its precommit is in flight does not keep the file locked', async () => {
    const { store, file, calls, ok } = await script()
    store.alarm.set(3)
    expect(await calls()).toEqual(['write 3'])
    expect(isLocked(file)).toBe(true)
    store.alarm.delete()
    expect(await calls()).toEqual(['commit'])
    expect(isLocked(file)).toBe(false)
    expect(await ok('write 3')).toEqual([])
    expect(await ok()).toEqual(['write none'])
    await ok()
    expect([look(file).alarm, store.alarm.time]).toEqual([null, null])
  })

  it('and an alarm that goes there and back behind a commit in flight does not either', async () => {
    const { store, file, init, calls, ok } = await script()
    await init(5)
    store.alarm.set(6)
    expect(await calls()).toEqual(['commit'])
    store.alarm.set(7)
    await calls()
    store.alarm.set(6)
    await calls()
    expect(isLocked(file)).toBe(true)
    expect(await ok()).toEqual(['commit'])
    expect(isLocked(file)).toBe(false)
    expect(await ok()).toEqual(['write 6'])
  })

  it('D3: an acknowledgement that arrives inside a transaction does not commit what may be rolled back', async () => {
    const { store, file, init, calls, now, ok } = await script()
    await init(9)
    store.alarm.set(5)
    expect(await calls()).toEqual(['write 5'])
    let acknowledged: Promise<string[]> | undefined
    expect(() =>
      store.transaction(() => {
        store.put('a', 1)
        store.alarm.set(20)
        acknowledged = ok('write 5')
        expect(now()).toEqual([])
        expect(look(file).alarm).toBe(9)
        gone()
      }),
    ).toThrow('undo')
    expect(await acknowledged).toEqual(['commit'])
    expect(look(file)).toMatchObject({ alarm: 5, values: [] })
    expect(await ok()).toEqual([])
    expect(store.alarm.time).toBe(5)
  })

  it('an acknowledgement that arrives in a turn commits with the alarm of that turn', async () => {
    const { store, file, init, calls, now, ok } = await script()
    await init(9)
    store.alarm.set(5)
    await calls()
    store.put('a', 1)
    const acknowledged = ok('write 5')
    expect(now()).toEqual([])
    store.alarm.set(3)
    expect(await acknowledged).toEqual(['write 3'])
    expect(look(file)).toMatchObject({ alarm: 9, values: [] })
    expect(await ok()).toEqual(['commit'])
    expect(look(file)).toMatchObject({ alarm: 3, values: ['a'] })
  })

  it('a transaction during which the precommit fails throws that, and is rolled back', async () => {
    const { store, file, calls, fail } = await script()
    store.alarm.set(5)
    await calls()
    expect(() =>
      store.transaction(() => {
        store.put('a', 1)
        void fail('no')
      }),
    ).toThrow(expect.objectContaining({ code: 'ALARM_PRECOMMIT_FAILED' }))
    expect(look(file).values).toEqual([])
  })

  it('the failure of a precommit rolls back what has joined since, and everything throws it', async () => {
    const { store, file, calls, fail } = await script()
    store.alarm.set(5)
    await calls()
    store.put('a', 1)
    await calls()
    const [confirmed, drained] = [track(store.alarm.confirmed()), track(store.alarm.drained())]
    await fail('no')
    expect(look(file)).toMatchObject({ alarm: null, values: [] })
    expect(isLocked(file)).toBe(false)
    const failed = expect.objectContaining({ code: 'ALARM_PRECOMMIT_FAILED' })
    expect([confirmed.state, drained.state]).toEqual([failed, failed])
    expect(() => store.get('a')).toThrow(failed)
    expect(() => store.list()).toThrow(failed)
    expect(() => store.deleteAll()).toThrow(failed)
    expect(await calls()).toEqual([])
  })

  it('confirmed() and drained(), asked in the middle of a turn, wait for it', async () => {
    const { store, calls, ok } = await script()
    store.alarm.set(5)
    const [confirmed, drained] = [track(store.alarm.confirmed()), track(store.alarm.drained())]
    store.put('a', 1)
    expect(await calls()).toEqual(['write 5']) // and have not split it
    expect(await ok()).toEqual(['commit'])
    expect([confirmed.state, drained.state]).toEqual(['pending', 'pending'])
    await ok()
    expect([confirmed.state, drained.state]).toEqual(['done', 'done'])
    expect(track(store.alarm.confirmed()).state).toBe('done')
  })

  it('is ended by close() with what can be committed at once', async () => {
    const file = newPath()
    const store = open({ file })
    store.put('a', 1)
    store.close()
    store.close()
    expect(look(file).values).toEqual(['a'])
    expect(() => store.put('b', 1)).toThrow(expect.objectContaining({ code: 'ALARM_CLOSED' }))
    expect(() => store.alarm.time).toThrow(expect.objectContaining({ code: 'ALARM_CLOSED' }))
  })

  it('is rolled back while close() waits for a manager that does not answer', async () => {
    const { store, file, calls, clock } = await script()
    store.alarm.set(5)
    store.put('a', 1)
    await calls()
    const confirmed = track(store.alarm.confirmed())
    store.alarm.close()
    const closed = expect(store.close()).rejects.toMatchObject({ code: 'ALARM_CLOSE_FAILED', keys: ['a'] })
    expect(() => store.put('b', 1)).toThrow(expect.objectContaining({ code: 'ALARM_CLOSED' }))
    expect(confirmed.state).toBe('pending')
    clock.flush()
    await closed
    expect(confirmed.state).toMatchObject({
      code: 'ALARM_PRECOMMIT_FAILED',
      cause: { code: 'ALARM_LOCK_EXPIRED' },
    })
    expect(look(file)).toMatchObject({ alarm: null, values: [] })
  })

  it('close() inside a transaction keeps what was accepted before it, whenever the manager takes that', async () => {
    const { store, file, calls, ok } = await script()
    store.alarm.set(5)
    store.put('a', 1)
    await calls()
    let closed = Promise.resolve()
    expect(() =>
      store.transaction(() => {
        store.put('b', 1)
        closed = store.close()
      }),
    ).toThrow(expect.objectContaining({ code: 'ALARM_CLOSED' }))
    await ok()
    await ok('commit')
    await closed
    expect(look(file)).toMatchObject({ alarm: 5, values: ['a'] })
  })

  it('close() inside a transaction rolls it back', async () => {
    const file = newPath()
    const store = open({ file })
    expect(() =>
      store.transaction(() => {
        store.put('a', 1)
        store.close()
      }),
    ).toThrow(expect.objectContaining({ code: 'ALARM_CLOSED' }))
    expect(look(file).values).toEqual([])
  })
})

describe('sqliteStore: what breaks the transaction breaks all that is in flight', () => {
  const vanish = (store: ActorStore) =>
    expect(() => store.sql.run('INSERT OR ROLLBACK INTO t VALUES (1)')).toThrow(failed)
  const failed = expect.objectContaining({ code: 'ALARM_STORAGE_FAILED' })
  const table = async () => {
    const rig = await script()
    rig.store.sql.exec('CREATE TABLE t (x UNIQUE); INSERT INTO t VALUES (1)')
    await rig.calls()
    await rig.ok()
    return rig
  }

  it('a precommit', async () => {
    const { store, file, calls, ok, send } = await table()
    store.alarm.set(5)
    expect(await calls()).toEqual(['write 5'])
    const [confirmed, sent] = [track(store.alarm.confirmed()), send()]
    store.put('a', 1)
    const [asked, held] = [track(store.alarm.confirmed()), send()]
    vanish(store)
    expect([confirmed, asked].map(({ state }) => state)).toEqual([
      expect.objectContaining({ code: 'ALARM_PRECOMMIT_FAILED', cause: failed }),
      expect.objectContaining({ code: 'ALARM_PRECOMMIT_FAILED', cause: failed }),
    ])
    expect([sent.state, held.state]).toEqual([
      expect.stringMatching(/^broken/),
      expect.stringMatching(/^broken/),
    ])
    expect(await ok()).toEqual([])
    expect(look(file)).toMatchObject({ alarm: null, values: [] })
  })

  it('a commit', async () => {
    const { store, calls } = await table()
    store.put('a', 1)
    expect(await calls()).toEqual(['commit'])
    const confirmed = track(store.alarm.confirmed())
    vanish(store)
    expect(confirmed.state).toMatchObject({ code: 'ALARM_COMMIT_FAILED', cause: failed })
  })

  it('a later write, behind which an earlier one waits: that is not told any more', async () => {
    const { store, init, calls, ok } = await table()
    await init(1)
    store.alarm.set(5)
    expect(await calls()).toEqual(['commit'])
    expect(await ok()).toEqual(['write 5'])
    store.alarm.set(3)
    const confirmed = track(store.alarm.confirmed())
    expect(await calls()).toEqual([])
    vanish(store)
    expect(await calls()).toEqual([])
    expect(confirmed.state).toMatchObject({ cause: failed })
  })
})

describe('sqliteStore: the output gate', () => {
  it('a value waits for the turns before it, and not for one that it causes', async () => {
    const store = open()
    const replies = new Subject<number>()
    const sent: number[] = []
    replies.pipe(store.alarm.holdUntilConfirmed()).subscribe((reply) => {
      sent.push(reply)
      if (reply === 1) {
        store.put('b', 1)
        replies.next(4)
      }
    })
    store.put('a', 1)
    for (const reply of [1, 2, 3]) replies.next(reply)
    expect(sent).toEqual([])
    await turn()
    expect(sent).toEqual([1, 2, 3, 4])
  })

  it('a value that another one causes follows those that were there before, and has its own turn to wait for', async () => {
    const { store, file, calls, ok } = await script()
    const replies = new Subject<number>()
    const sent: unknown[] = []
    replies.pipe(store.alarm.holdUntilConfirmed()).subscribe((reply) => {
      sent.push(reply, look(file).values.length)
      if (reply === 1) replies.next(4)
      if (reply === 2) {
        store.transaction(() => {
          store.put('b', 1)
          replies.next(5)
        })
      }
      if (reply === 5) replies.next(6)
      sent.push('.')
    })
    store.put('a', 1)
    for (const reply of [1, 2, 3]) replies.next(reply)
    await calls()
    expect(sent).toEqual([])
    await ok()
    expect(sent).toEqual([1, 1, '.', 2, 1, '.', 3, 1, '.', 4, 1, '.'])
    await ok()
    expect(sent.slice(12)).toEqual([5, 2, '.', 6, 2, '.'])
  })

  it('order is the same where all is durable at once', async () => {
    const file = newPath()
    const store = open({ file })
    const replies = new Subject<number>()
    const sent: unknown[] = []
    replies.pipe(store.alarm.holdUntilConfirmed()).subscribe((reply) => {
      sent.push(reply, look(file).values.length)
      if (reply === 1) replies.next(4)
      if (reply === 2) {
        store.transaction(() => {
          store.put('b', 1)
          replies.next(5)
        })
      }
      if (reply === 5) {
        store.put('c', 1)
        replies.next(6)
      }
      if (reply === 3) replies.next(7)
      sent.push('.')
    })
    store.put('a', 1)
    for (const reply of [1, 2, 3]) replies.next(reply)
    await turn()
    await turn()
    expect(sent.filter((_, i) => i % 3 === 0)).toEqual([1, 2, 3, 4, 5, 7, 6])
    expect(sent.filter((_, i) => i % 3 === 1)).toEqual([1, 1, 2, 2, 2, 2, 3])
    expect(sent.filter((_, i) => i % 3 === 2)).toEqual(Array(7).fill('.'))
  })

  it('may hold many, of a source that is synchronous, and stop in their midst', async () => {
    const store = open()
    let last = 0
    store.put('a', 1)
    range(1, 100_000)
      .pipe(store.alarm.holdUntilConfirmed())
      .subscribe((value) => {
        last = value
      })
    let taken = 0
    expect(last).toBe(0)
    await turn()
    expect(last).toBe(100_000)
    range(1, 100_000)
      .pipe(
        tap((value) => {
          taken = value
        }),
        store.alarm.holdUntilConfirmed(),
        take(3),
      )
      .subscribe()
    expect(taken).toBe(3)
  })

  it('order is kept, the end comes last, and an error at once', async () => {
    const { store, calls, ok } = await script()
    const seen: unknown[] = []
    const replies = new Subject<number>()
    const watch = () =>
      replies.pipe(store.alarm.holdUntilConfirmed()).subscribe({
        next: (reply) => seen.push(reply),
        error: (error) => seen.push(error),
        complete: () => seen.push('end'),
      })
    watch()
    store.put('a', 1, { allowUnconfirmed: true })
    replies.next(1)
    store.put('a', 2)
    replies.next(2)
    replies.complete()
    expect(seen).toEqual([1])
    expect(await calls()).toEqual(['commit'])
    expect(seen).toEqual([1])
    await ok()
    expect(seen).toEqual([1, 2, 'end'])
    store.put('a', 3)
    new Observable<number>((subscriber) => {
      subscriber.next(1)
      subscriber.error('error')
    })
      .pipe(store.alarm.holdUntilConfirmed())
      .subscribe({ error: (error) => seen.push(error) })
    expect(seen.at(-1)).toBe('error')
  })

  it('what a transaction rolls back holds nothing', async () => {
    const { store, calls, send } = await script()
    expect(() =>
      store.transaction(() => {
        store.put('a', 1)
        store.alarm.set(1)
        gone()
      }),
    ).toThrow('undo')
    store.alarm.set(2, { allowUnconfirmed: true })
    expect(send().state).toBe('open')
    expect(await calls()).toEqual(['write 2'])
  })

  it('unsubscribing drops what is held', async () => {
    const { store, ok, calls } = await script()
    const replies = new Subject<number>()
    const seen: number[] = []
    const held = replies.pipe(store.alarm.holdUntilConfirmed()).subscribe((reply) => seen.push(reply))
    store.put('a', 1)
    replies.next(1)
    held.unsubscribe()
    expect(replies.observed).toBe(false)
    await calls()
    await ok()
    expect(seen).toEqual([])
  })
})

describe('sqliteStore: a delivery and what else happens', () => {
  it('in the turn in which a write is acknowledged', async () => {
    const first = await script()
    await first.init(5)
    first.store.close()
    const { store, file, opened, ok, arm } = await script({ file: first.file, reconcile: true })
    expect(opened).toEqual(['write 5'])
    const arrival = arm(5)
    store.put('a', 1)
    const acknowledged = ok('write 5')
    arrival.succeed()
    expect(await acknowledged).toEqual(['commit'])
    expect(await ok()).toEqual(['commit'])
    expect(look(file)).toMatchObject({ alarm: null, values: ['a'] })
    expect(await ok()).toEqual([])
    expect(arrival.outcomes).toHaveLength(1)
  })

  it('of an alarm whose precommit is not acknowledged yet: what the handler wrote is committed', async () => {
    const { store, file, calls, ok, arm } = await script()
    store.alarm.set(1)
    expect(await calls()).toEqual(['write 1'])
    const arrival = arm(1)
    store.put('a', 1)
    arrival.succeed()
    expect(await calls()).toEqual(['commit'])
    expect(look(file)).toMatchObject({ alarm: null, values: ['a'] })
    await ok('commit')
    await ok('write 1')
    expect([await calls(), store.alarm.time]).toEqual([[], null])
  })

  it('after an abandoned alarm, while its deletion is committed: what the handler wrote is committed', async () => {
    const { store, file, init, calls, ok, arm } = await script()
    await init(5)
    expect(store.alarm.abandon(5)).toBe(null)
    expect(await calls()).toEqual(['commit'])
    const arrival = arm(5)
    expect(arrival.runs).toBe(1)
    expect(await ok()).toEqual(['write none'])
    store.put('a', 1)
    arrival.succeed()
    expect(await calls()).toEqual(['commit'])
    expect(look(file)).toMatchObject({ alarm: null, values: ['a'] })
  })

  it('after one that was cancelled when its handler had succeeded: likewise', async () => {
    const { store, file, init, calls, ok, arm } = await script()
    await init(5)
    store.alarm
      .deliver({ scheduledTime: 5 }, () => EMPTY)
      .subscribe()
      .unsubscribe()
    expect(await calls()).toEqual(['commit'])
    const arrival = arm(5)
    expect(arrival.runs).toBe(1)
    expect(await ok()).toEqual(['write none'])
    store.put('a', 1)
    arrival.succeed()
    expect(await calls()).toEqual(['commit'])
    expect(look(file)).toMatchObject({ alarm: null, values: ['a'] })
  })
})

describe('sqliteStore: a delivery', () => {
  it('commits what the handler wrote and the deletion of the alarm in one, and holds what it sent until then', async () => {
    const { store, file, init, now, ok, send } = await script()
    await init(1)
    let sent: { readonly state: string } | undefined
    const seen: unknown[] = []
    store.alarm
      .deliver({ scheduledTime: 1 }, () => {
        store.put('a', 1)
        sent = send()
        return EMPTY
      })
      .subscribe({ next: (outcome) => seen.push(outcome.kind), error: (error) => seen.push(error) })
    expect(now()).toEqual(['commit']) // synchronously
    expect(look(file)).toMatchObject({ alarm: null, values: ['a'] })
    expect([seen, sent?.state]).toEqual([[], 'closed'])
    await ok()
    expect([seen, sent?.state]).toEqual([['ran'], 'open'])
  })

  it('the same, where a commit is in flight when the handler succeeds', async () => {
    const { store, file, init, calls, ok, arm, send } = await script()
    await init(1)
    const arrival = arm(1)
    store.put('a', 1)
    expect(await calls()).toEqual(['commit'])
    store.put('b', 1)
    const sent = send()
    arrival.succeed()
    expect(await calls()).toEqual([])
    expect(look(file)).toMatchObject({ alarm: 1, values: ['a'] })
    expect(await ok()).toEqual(['commit'])
    expect(look(file)).toMatchObject({ alarm: null, values: ['a', 'b'] })
    expect([arrival.outcomes.length, sent.state]).toEqual([0, 'closed'])
    expect(await ok()).toEqual([])
    expect([arrival.outcomes.length, sent.state]).toEqual([1, 'open'])
  })

  it('is not done before the last turn of a handler that has set an alarm is durable', async () => {
    const { store, init, calls, ok, arm } = await script()
    await init(1)
    const arrival = arm(1)
    store.alarm.set(9)
    expect(await calls()).toEqual(['commit'])
    expect(await ok()).toEqual(['write 9'])
    expect(await ok()).toEqual([])
    store.put('a', 1)
    arrival.succeed()
    expect(await calls()).toEqual(['commit'])
    expect(arrival.outcomes).toEqual([])
    await ok()
    expect(arrival.outcomes).toHaveLength(1)
  })

  it('keeps what a failed handler wrote, and its alarm', async () => {
    const { store, file, init, calls, ok, arm } = await script()
    await init(1)
    const arrival = arm(1)
    store.put('a', 1)
    arrival.fail()
    expect(arrival.outcomes).toEqual([new Error('the handler failed')])
    expect(await calls()).toEqual(['commit'])
    await ok()
    expect(look(file)).toMatchObject({ alarm: 1, values: ['a'] })
    expect(store.alarm.time).toBe(1)
  })

  it('D5: a handler that sets the same time again is woken again', async () => {
    const { store, init, calls, ok, arm } = await script()
    await init(5)
    const arrival = arm(5)
    store.alarm.set(5)
    arrival.succeed()
    expect(await calls()).toEqual(['write 5'])
    expect(await ok()).toEqual(['commit'])
    await ok()
    expect([store.alarm.time, arrival.outcomes.length]).toEqual([5, 1])
  })

  it('that arrives in a turn waits for its end, and sees what it set', async () => {
    const { store, init, calls, ok, arm } = await script()
    await init(1)
    store.alarm.set(7)
    const arrival = arm(7)
    expect(arrival.runs).toBe(0)
    expect(await calls()).toEqual(['commit'])
    expect(arrival.runs).toBe(1)
    arrival.succeed()
    expect(await calls()).toEqual([])
    expect(await ok()).toEqual(['write 7']) // the manager had another 7, and gets this one
  })

  it('whose handler ends inside a transaction is judged after it', async () => {
    const { store, file, init, arm, now } = await script()
    await init(1)
    const arrival = arm(1)
    store.transaction(() => {
      store.put('a', 1)
      arrival.succeed()
      expect(now()).toEqual([])
      store.alarm.set(8)
    })
    expect(now()).toEqual(['commit'])
    expect(look(file)).toMatchObject({ alarm: 8, values: ['a'] })
  })

  it('fails with what breaks the store, uncounted', async () => {
    const { store, init, arm, calls, fail } = await script()
    await init(1)
    const arrival = arm(1)
    store.put('a', 1)
    arrival.succeed()
    await calls()
    await fail('no')
    expect(arrival.outcomes).toEqual([
      expect.objectContaining({ code: 'ALARM_COMMIT_FAILED', counted: false }),
    ])
  })

  it('refuses a handler that is no function, and takes what handlers throw or return', async () => {
    const store = open()
    store.alarm.set(1)
    await turn()
    const seen: unknown[] = []
    for (const handler of [undefined, () => 3, gone, () => Promise.resolve()]) {
      store.alarm.deliver({ scheduledTime: 1 }, handler as never).subscribe({
        next: (outcome) => seen.push(outcome.kind),
        error: (error) => seen.push(error.code ?? error.message),
      })
    }
    await turn()
    expect(seen).toEqual(['ALARM_DELIVERY_INVALID', 'ALARM_RETURN_INVALID', 'undo', 'ran'])
  })

  it('abandon() keeps the open turn whole, and is refused inside a transaction', async () => {
    const { store, file, init, calls, ok } = await script()
    await init(5)
    expect(() => store.transaction(() => store.alarm.abandon(5))).toThrow(
      expect.objectContaining({ code: 'ALARM_DELIVERY_INVALID' }),
    )
    store.put('a', 1)
    store.alarm.set(8)
    expect(() => store.alarm.abandon(5)).toThrow(expect.objectContaining({ code: 'ALARM_WRITE_FAILED' }))
    expect(await calls()).toEqual(['commit'])
    expect(await ok()).toEqual(['write 8'])
    await ok()
    expect(store.alarm.abandon(8)).toBe(null)
    expect(await calls()).toEqual(['commit'])
    expect(look(file)).toMatchObject({ alarm: null, values: ['a'] })
    expect(await ok()).toEqual(['write none'])
    await ok()
    expect([store.alarm.abandon(8), store.alarm.time]).toEqual([null, null])
    expect(isLocked(file)).toBe(false)
  })

  it('with a manager in virtual time, a day of handlers that re-arm, fail and write is one synchronous run', () => {
    const clock = new VirtualTimeScheduler()
    const manager = memoryManager({ scheduler: clock })
    const file = newPath()
    const store = open({ file, key: 'day', manager, scheduler: clock, replicate: undefined as never })
    const HOUR = 3_600_000
    let runs = 0
    manager
      .deliveries((delivery) =>
        store.alarm.deliver(delivery, ({ scheduledTime }) => {
          runs++
          store.put(`hour ${runs}`, scheduledTime)
          if (runs === 3) throw new Error('retried')
          if (runs < 25) store.alarm.set(scheduledTime + HOUR)
          return runs % 2 === 0
            ? EMPTY
            : concat(
                timer(10, clock),
                defer(() => EMPTY),
              )
        }),
      )
      .subscribe()
    store.transaction(() => store.alarm.set(HOUR))
    clock.flush()
    expect(runs).toBe(25)
    expect(look(file)).toMatchObject({ alarm: null })
    expect(look(file).values).toHaveLength(25)
    expect(clock.now()).toBeGreaterThan(23 * HOUR)
  })
})

describe('sqliteStore: a reentrant manager', () => {
  it('may write to the store while it is told', async () => {
    const file = newPath()
    const store = open({
      file,
      manager: managerOf((time) => {
        if (time === 5) store.put('seen', time)
        return EMPTY
      }),
    })
    store.alarm.set(5)
    await turn()
    await turn()
    expect(look(file)).toMatchObject({ alarm: 5, values: ['seen'] })
    expect(isLocked(file)).toBe(false)
  })

  it('and so may the hook that replicates', async () => {
    let store: ActorStore | null = null
    let replications = 0
    const file = newPath()
    const replicate = () => {
      if (++replications === 2) store?.put('seen', 1)
      return EMPTY
    }
    store = open({ file, replicate })
    store.put('a', 1)
    await turn()
    await turn()
    expect([look(file).values, replications]).toEqual([['a', 'seen'], 3])
    expect(isLocked(file)).toBe(false)
  })
})

function track(asked$: Observable<unknown>): { state: unknown } {
  const tracked: { state: unknown } = { state: 'pending' }
  asked$.subscribe({
    error: (error) => {
      tracked.state = error
    },
    complete: () => {
      tracked.state = 'done'
    },
  })
  return tracked
}
