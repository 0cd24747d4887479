import { DatabaseSync } from 'node:sqlite'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { sqliteStores } from '../../../src/sqlite/index.ts'
import { fenceOf } from '../../../src/vocabulary/fence.ts'
import { newFile, newManager } from '../../sqlite/files.ts'
import { run } from './run.ts'

const HOUR = 3_600_000
const time = Date.now() + HOUR

/** A manager with 40,000 alarms, and a store with the first 3,000 of them; nothing is wrong with either. */
async function many() {
  const [file, own] = [newFile(), newFile()]
  const manager = newManager({ file })
  await sqliteStores({ file: own, manager }).close()
  await manager.close()
  fill(file, 40_000, 'alarm (key, time, fence, set_by, due, counted, uncounted, begun, changed_at)', [
    'i',
    time,
    fenceOf(1, 1),
    1,
    time,
    0,
    0,
    0,
    0,
  ])
  fill(own, 3_000, '_nolater_actors (key, epoch, alarm, raised)', ['i', 1, time, 0])
  return [file, own]
}

/** Puts so many rows into a table: `i` counts them. */
function fill(file: string, count: number, table: string, values: readonly (string | number)[]): void {
  const db = new DatabaseSync(file)
  db.exec(`
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    INSERT INTO ${table} SELECT ${values.join()} FROM n`)
  db.close()
}

/** Examines, with a second between each two turns of the event loop; `turn` is called in each. */
async function examined(
  files: readonly string[],
  turn: (said: string) => void = () => {},
  signal?: AbortSignal,
) {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  let said = ''
  let isOver = false
  const running = run(['doctor', ...files], {
    isTerminal: true,
    say(text) {
      said += text
    },
    ...(signal && { signal }),
  }).finally(() => {
    isOver = true
  })
  try {
    while (!isOver) {
      vi.advanceTimersByTime(1_000)
      turn(said)
      await setImmediate()
    }
    return { ...(await running), said }
  } finally {
    vi.useRealTimers()
  }
}

describe('nolater doctor over many alarms', () => {
  it('says on the way how many rows it has read', async () => {
    const { code, said, out } = await examined(await many())
    expect([code, out]).toEqual([0, expect.stringContaining('Nothing is wrong')])
    const read = [...new Set([...said.matchAll(/examining: \d+ s, ([\d,]+) rows/g)].map(([, rows]) => rows))]
    expect(read).toEqual(expect.arrayContaining(['20,000', '40,000', '40,500', '42,500']))
  })

  it.each([
    ['the manager', '20,000'],
    ['a store', '41,000'],
  ])('is stopped by a signal while it reads %s, though nothing was found', async (_, rows) => {
    const stop = new AbortController()
    const turn = (said: string): void => {
      if (said.includes(`, ${rows} rows`)) stop.abort()
    }
    const { code, out, said } = await examined(await many(), turn, stop.signal)
    expect([code, out]).toEqual([3, ''])
    expect(said).toMatch(/It was stopped before all was examined\.\n$/)
    expect(said).not.toContain('42,000 rows')
  })

  it('is stopped by a signal while it lists what has failed', async () => {
    const [file] = await many()
    const db = new DatabaseSync(file as string)
    db.exec('UPDATE alarm SET due = NULL, counted = 7')
    db.close()
    const stop = new AbortController()
    let [turns, left] = [0, 0]
    const turn = (said: string): void => {
      if (stop.signal.aborted) left++
      else if (said.includes('40,000 rows') && ++turns === 3) stop.abort()
    }
    expect(await examined([file as string], turn, stop.signal)).toMatchObject({ code: 3, out: '' })
    expect(left).toBeLessThan(10) // it would be 80, one for each page
  })
})
