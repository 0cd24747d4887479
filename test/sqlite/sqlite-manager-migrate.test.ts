import { DatabaseSync } from 'node:sqlite'
import { EMPTY, lastValueFrom, throwError, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { rigOf } from '../manager-contract.ts'
import { virtualClock } from '../virtual-clock.ts'
import { newFile, newManager } from './files.ts'

/** A file as the first version left it: an alarm, one that backs off, one that was to be abandoned, and a removal. */
function firstVersion(t0: number): string {
  const file = newFile()
  const db = new DatabaseSync(file)
  db.exec(`
    CREATE TABLE alarm (
      key TEXT NOT NULL PRIMARY KEY,
      time INTEGER,
      fence INTEGER NOT NULL,
      set_by INTEGER NOT NULL,
      done INTEGER,
      due INTEGER,
      counted INTEGER NOT NULL,
      uncounted INTEGER NOT NULL,
      leased_until INTEGER,
      holder TEXT,
      changed_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX alarm_due ON alarm (due) WHERE due IS NOT NULL;
    CREATE INDEX alarm_removed ON alarm (changed_at) WHERE due IS NULL;
    PRAGMA application_id = ${0x6e6c616d};
    PRAGMA user_version = 1;
    INSERT INTO alarm VALUES
      ('waits', ${t0 + 5_000}, 4, 4, NULL, ${t0 + 5_000}, 0, 0, NULL, NULL, ${t0}),
      ('backs off', ${t0}, 5, 5, NULL, ${t0 + 2_000}, 1, 0, NULL, NULL, ${t0}),
      ('exhausted', ${t0}, 6, 6, NULL, ${t0}, 7, 0, NULL, NULL, ${t0}),
      ('removed', NULL, 7, 7, NULL, NULL, 0, 0, NULL, NULL, ${t0});
  `)
  db.close()
  return file
}

describe('sqliteManager on a file of the first version', () => {
  it('brings it up to date, with all that it holds', async () => {
    const clock = virtualClock()
    const file = firstVersion(clock.now())
    const { t0, manager, write, deliver } = rigOf(newManager({ file, scheduler: clock }), clock)
    const { delivered, only } = deliver(() => EMPTY)
    await clock.advance(10_000)
    expect(delivered.map(({ key, retryCount, at }) => [key, retryCount, at - t0])).toEqual([
      ['backs off', 1, 2_000],
      ['waits', 0, 5_000],
    ])
    expect(only('given-up')).toMatchObject([{ key: 'exhausted', lastError: null }])
    const failed = await lastValueFrom(manager.list({ state: 'failed' }).pipe(toArray()))
    expect(failed).toMatchObject([{ key: 'exhausted', failures: 7, lastError: null }])
    expect(await write('removed', t0, 6)).toMatchObject({ code: 'ALARM_FENCED' })
    manager.close()
    const db = new DatabaseSync(file)
    expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: 3 })
    db.close()
  })

  it('forgets removals of a day ago, and no alarm that has failed', async () => {
    const clock = virtualClock()
    const file = firstVersion(clock.now())
    const { t0, manager, write, deliver } = rigOf(newManager({ file, scheduler: clock }), clock)
    deliver(() => throwError(() => ({ retry: false })))
    await clock.advance(10_000)
    clock.block(3 * 86_400_000)
    await clock.advance(10_000)
    expect(await write('removed', t0, 6)).toBe('done')
    for (const key of ['waits', 'backs off', 'exhausted']) expect(manager.get(key)).not.toBeNull()
  })

  it('goes through its pages by the indexes', () => {
    const file = newFile()
    newManager({ file })
    const db = new DatabaseSync(file)
    const plan = (sql: string) =>
      db
        .prepare(`EXPLAIN QUERY PLAN SELECT key FROM alarm WHERE ${sql} LIMIT 5`)
        .all()
        .map(({ detail }) => detail)
    expect(
      plan('due IS NOT NULL AND aside IS NULL AND (due, rowid) > (1, 2) AND due < 9 ORDER BY due, rowid'),
    ).toEqual([expect.stringMatching(/^SEARCH alarm USING INDEX alarm_due/)])
    expect(
      plan('due IS NULL AND time IS NOT NULL AND (time, rowid) > (1, 2) AND time < 9 ORDER BY time, rowid'),
    ).toEqual([expect.stringMatching(/^SEARCH alarm USING INDEX alarm_failed/)])
    expect(plan('aside IS NOT NULL AND (due, rowid) > (1, 2) AND due < 9 ORDER BY due, rowid')).toEqual([
      expect.stringMatching(/^SEARCH alarm USING INDEX alarm_aside /),
    ])
    expect(plan('due <= 9 AND aside IS NULL ORDER BY due, rowid')).toEqual([
      expect.stringMatching(/^SEARCH alarm USING INDEX alarm_due/),
    ])
    expect(plan('aside < 9 AND due <= 9 ORDER BY aside, due')).toEqual([
      expect.stringMatching(/^SEARCH alarm USING INDEX alarm_due/),
    ])
    db.close()
  })
})
