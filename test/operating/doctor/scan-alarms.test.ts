import { DatabaseSync } from 'node:sqlite'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { scanAlarms } from '../../../src/operating/doctor/scan-alarms.ts'
import { newFile, newManager } from '../../sqlite/files.ts'

/** The file of a manager with an alarm of each of these rowids; `sql` changes it. */
async function filled(rowids: string, sql = ''): Promise<DatabaseSync> {
  const file = newFile()
  await newManager({ file }).close()
  const db = new DatabaseSync(file)
  db.exec(`
    WITH RECURSIVE n(i) AS (${rowids})
    INSERT INTO alarm (rowid, key, time, fence, set_by, due, counted, uncounted, begun, changed_at)
    SELECT i, 'key' || i, 1, 1, 1, 1, 0, 0, 0, 0 FROM n; ${sql}`)
  return db
}

const upTo = (count: number): string => `SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count}`

describe('the rows of a manager', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'] })
    return () => vi.useRealTimers()
  })

  it('are looked at some at a time, each once', async () => {
    const db = await filled(
      upTo(40_001),
      `UPDATE alarm SET changed_at = ${Date.now() + 5_000} WHERE rowid IN (1, 20000, 20001, 40001);
       UPDATE alarm SET fence = -1 WHERE rowid IN (20000, 20001)`,
    )
    const read: number[] = []
    const scanned = await scanAlarms(db, async (rows) => void read.push(rows))
    expect(scanned).toEqual({ late: 4, unreadable: ['key20000', 'key20001'], rescheduled: [] })
    expect(read).toEqual([20_000, 20_000, 1])
    db.close()
  })

  it('are looked at in few pieces where there are few of them, far apart', async () => {
    const db = await filled('VALUES (1), (900000000), (5000000000)')
    const read: number[] = []
    await scanAlarms(db, async (rows) => void read.push(rows))
    expect(read).toEqual([1, 1, 1])
    db.close()
  })

  it('are not called late where they are written while the others are looked at', async () => {
    const db = await filled(upTo(20_001))
    const scanned = await scanAlarms(db, async () => {
      vi.setSystemTime(Date.now() + 5_000)
      db.exec(`UPDATE alarm SET changed_at = ${Date.now()}`)
    })
    expect(scanned.late).toBe(0)
    db.close()
  })

  it('are named where an operator put them off, a thousand of them; not what waits for a lease or a back-off', async () => {
    const db = await filled(
      upTo(20_500),
      `UPDATE alarm SET due = time + 5 WHERE rowid > 19400;
       UPDATE alarm SET begun = 1 WHERE rowid = 19401;
       UPDATE alarm SET leased_until = due, holder = 'h' WHERE rowid = 19402;
       UPDATE alarm SET due = time WHERE rowid = 19403`,
    )
    const { rescheduled } = await scanAlarms(db, async () => {})
    expect(rescheduled).toHaveLength(1_000)
    const [first] = rescheduled
    expect(first).toEqual({ key: 'key19404', time: expect.any(Number), due: (first?.time as number) + 5 })
    db.close()
  })

  it('are named where they cannot be read, a thousand of them', async () => {
    const db = await filled(upTo(20_500), 'UPDATE alarm SET fence = -1 WHERE rowid > 19400')
    const { unreadable } = await scanAlarms(db, async () => {})
    expect(unreadable).toHaveLength(1_000)
    db.close()
  })

  it('are looked at no more where that is to stop', async () => {
    const db = await filled(upTo(20_001))
    const scanning = scanAlarms(db, () => Promise.reject(new Error('stopped')))
    await expect(scanning).rejects.toThrow('stopped')
    db.close()
  })
})
