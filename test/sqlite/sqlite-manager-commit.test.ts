import { DatabaseSync } from 'node:sqlite'
import { EMPTY, type Observable } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import type { Move } from '../../src/vocabulary/time.ts'
import { held, LEASE, rigOf, settled } from '../manager-contract.ts'
import { turns, virtualClock } from '../virtual-clock.ts'
import { newFile, newManager } from './files.ts'

/** A manager, and another connection to its file that sees what is committed. */
function rig(options: { pollInterval?: number } = {}) {
  const clock = virtualClock()
  const file = newFile()
  const manager = newManager({ file, scheduler: clock, ...options })
  const outside = new DatabaseSync(file)
  const exec = vi.spyOn(DatabaseSync.prototype, 'exec')
  return {
    ...rigOf(manager, clock),
    commits: () => exec.mock.calls.filter(([sql]) => sql === 'COMMIT').length,
    time: (key: string) => outside.prepare('SELECT time FROM alarm WHERE key = ?').get(key)?.time,
    rows: (where: string) => outside.prepare(`SELECT count(*) AS n FROM alarm WHERE ${where}`).get()?.n,
    outside,
  }
}

describe("sqliteManager's commits", () => {
  it('makes all writes of a turn one transaction, wherever in the turn they come from', async () => {
    const { manager, write, commits } = rig()
    const written: Promise<unknown>[] = []
    for (let i = 0; i < 50; i++) written.push(write(`now ${i}`, 5, 1))
    const late = async (i: number) => {
      for (let hop = 0; hop < i; hop++) await null
      return write(`later ${i}`, 5, 1)
    }
    for (let i = 0; i < 50; i++) written.push(late(i))
    written.push(new Promise((resolve) => process.nextTick(() => resolve(write('tick', 5, 1)))))
    expect(commits()).toBe(0)
    expect(manager.get('now 0')).toBeNull()
    expect(new Set(await Promise.all(written))).toEqual(new Set(['done']))
    expect(commits()).toBe(1)
    expect(manager.get('later 49')).toBe(5)
    await write('now 1', 6, 2)
    expect(commits()).toBe(2)
  })

  it('acknowledges a write when it is committed, not before', async () => {
    const { manager, time } = rig()
    const seen: unknown[] = []
    const write$ = manager.write('a', 7, {
      key: 'a',
      move: 'later',
      fence: 1,
      attempt: 1,
    }) as Observable<never>
    write$.subscribe({ complete: () => seen.push(time('a')) })
    expect(seen).toEqual([])
    await turns(2)
    expect(seen).toEqual([7])
  })

  it('lets one fenced or bad write fail alone', async () => {
    const { write, manager, commits } = rig()
    await write('a', 5, 5)
    const outcomes = await Promise.all([
      write('b', 6, 1),
      write('a', 1, 4),
      write('c', -1, 1),
      write('a', 9, 6),
      write('d', 6, 1),
    ])
    expect(outcomes.map((outcome) => (outcome as { code?: string }).code ?? outcome)).toEqual([
      'done',
      'ALARM_FENCED',
      'ALARM_TIME_INVALID',
      'done',
      'done',
    ])
    expect(['a', 'b', 'c', 'd'].map((key) => manager.get(key))).toEqual([9, 6, null, 6])
    expect(commits()).toBe(2)
  })

  it('does not make a write that is unsubscribed before the turn has ended', async () => {
    const { manager, write } = rig()
    await write('a', 5, 1)
    const info = { key: 'a', move: 'later' as Move, fence: 2, attempt: 1 }
    manager.write('a', 6, info).subscribe().unsubscribe()
    const other = write('b', 6, 1)
    await other
    expect(manager.get('a')).toBe(5)
    expect(await write('a', 5, 1)).toBe('done') // its fence was not raised either
  })

  it('takes, answers and writes in the same transactions', async () => {
    const { t0, clock, write, deliver, commits, manager, rows } = rig()
    const { handler, ends } = held()
    for (let i = 0; i < 80; i++) void write(`k${i}`, t0, 1)
    await turns(2)
    expect(commits()).toBe(1)
    const { only } = deliver(handler, { concurrency: 50 })
    await clock.advance(0)
    expect(commits()).toBe(2) // one take of 50
    expect(ends).toHaveLength(50)
    expect(rows('holder IS NOT NULL')).toBe(50)
    for (const { done } of ends.slice(0, 30)) done()
    void write('other', t0 + 5, 1)
    expect(only('done')).toHaveLength(0)
    await turns(2)
    expect(commits()).toBe(3) // 30 done, 30 more taken, one written
    expect(only('done')).toHaveLength(30)
    expect(ends).toHaveLength(80)
    expect(manager.get('other')).toBe(t0 + 5)
  })

  it('tells of an answer when it is committed', async () => {
    const { t0, clock, write, manager, time, outside } = rig()
    const seen: unknown[] = []
    const failures = () => outside.prepare("SELECT counted, due FROM alarm WHERE key = 'b'").get()
    manager
      .deliveries(({ key }) => (key === 'a' ? EMPTY : Promise.reject(new Error('no'))))
      .subscribe((event) => {
        if (event.kind === 'done') seen.push(time('a'))
        if (event.kind === 'failed') seen.push({ ...failures() }, { counted: 1, due: event.retryAt })
      })
    await write('a', t0, 1)
    await clock.advance(0)
    await write('b', t0, 1)
    await clock.advance(0)
    expect(seen[0]).toBeNull()
    expect(seen[1]).toEqual(seen[2])
    expect(seen).toHaveLength(3)
  })

  it('takes no more than it delivers, and runs thousands of synchronous handlers on a flat stack', async () => {
    const { t0, clock, write, deliver, rows, manager } = rig()
    const all = Array.from({ length: 5_000 }, (_, i) => write(`${i}`, t0 + i, 1))
    await Promise.all(all)
    await clock.advance(5_000)
    const { handler, ends } = held()
    const { stop } = deliver(handler, { concurrency: 7 })
    await clock.advance(0)
    expect(ends.map(({ key }) => key)).toEqual(['0', '1', '2', '3', '4', '5', '6'])
    expect(rows('holder IS NOT NULL')).toBe(7)
    stop()
    const { delivered, only } = deliver(() => EMPTY, { concurrency: Infinity })
    await clock.advance(0)
    await turns(50)
    expect(delivered.map(({ key }) => key)).toEqual(Array.from({ length: 5_000 }, (_, i) => `${i}`))
    expect(only('done')).toHaveLength(5_000)
    expect(rows('due IS NOT NULL')).toBe(0)
    expect(manager.get('77')).toBeNull()
  })

  it('stops a handler whose lease ends while the next turn is about to take its alarm again', async () => {
    const { t0, clock, write, deliver } = rig()
    const { handler, ends, most } = held()
    const { kinds } = deliver(handler)
    await write('a', t0, 1)
    await clock.advance(1)
    await write('b', t0, 1)
    await clock.advance(LEASE - 2)
    ends[1]?.done() // a round is on its way
    clock.block(1)
    await turns()
    expect(kinds()).toEqual(['delivered', 'delivered', 'expired', 'done', 'delivered'])
    expect(most()).toBe(2)
  })

  it('takes nothing in a turn in which it was unsubscribed', async () => {
    const { t0, clock, write, deliver, commits, manager } = rig()
    const { handler, ends } = held()
    const { stop } = deliver(handler, { concurrency: 1 })
    await Promise.all([write('a', t0, 1), write('b', t0, 1)])
    await clock.advance(0)
    const before = commits()
    ends[0]?.done() // a round is on its way
    stop()
    expect(manager.get('a')).toBeNull()
    await turns()
    expect(commits() - before).toBe(2) // the answer, and nothing
    expect(manager.get('b')).toBe(t0)
  })

  it('finds what is due in an index, whatever it holds', () => {
    const { outside } = rig()
    const plan = (sql: string) =>
      outside
        .prepare(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map(({ detail }) => detail)
    expect(plan('SELECT * FROM alarm WHERE due <= 5 AND aside IS NULL ORDER BY due, rowid LIMIT 9')).toEqual([
      'SEARCH alarm USING INDEX alarm_due (aside=? AND due<?)',
    ])
    expect(
      plan('SELECT due FROM alarm WHERE due IS NOT NULL AND aside IS NULL ORDER BY due LIMIT 1'),
    ).toEqual(['SEARCH alarm USING COVERING INDEX alarm_due (aside=? AND due>?)'])
  })

  it('forgets old removals a thousand at a time', async () => {
    const { clock, write, rows } = rig()
    await Promise.all(Array.from({ length: 2_500 }, (_, i) => write(`${i}`, null, 1)))
    await clock.advance(86_400_000 + 60_000)
    for (const left of [1_500, 500, 0]) {
      await write('new', 5, 1)
      expect(rows('due IS NULL')).toBe(left)
    }
  })

  it('commits what was written when it is closed, gives back what it delivers, and is of no use then', async () => {
    const { t0, clock, manager, write, deliver, rows, time } = rig()
    const { handler, torn } = held()
    const { outcome } = deliver(handler)
    await write('a', t0, 1)
    await clock.advance(0)
    expect(rows('holder IS NOT NULL')).toBe(1)
    const written = write('b', 5, 1)
    const late$ = manager.write('c', 5, {
      key: 'c',
      move: 'later',
      fence: 1,
      attempt: 1,
    }) as Observable<never>
    manager.close()
    expect(time('b')).toBe(5)
    expect(rows('holder IS NOT NULL')).toBe(0)
    expect(rows(`due = ${t0}`)).toBe(1)
    expect(torn).toEqual(['a'])
    expect(outcome()).toBe('complete')
    expect(await written).toBe('done')
    manager.close()
    expect(await settled(late$)).toMatchObject({ code: 'ALARM_CLOSED' })
    expect(await settled(manager.deliveries(() => EMPTY))).toMatchObject({ code: 'ALARM_CLOSED' })
    expect(() => manager.get('a')).toThrow(expect.objectContaining({ code: 'ALARM_CLOSED' }))
    await clock.advance(60_000)
  })
})
