import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { newFile, newManager } from '../../sqlite/files.ts'
import { run } from './run.ts'

/** The file of a manager with 150 alarms. */
async function many(): Promise<string> {
  const file = newFile()
  await newManager({ file }).close()
  const db = new DatabaseSync(file)
  db.exec(`
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150)
    INSERT INTO alarm (key, time, fence, set_by, due, counted, uncounted, begun, changed_at)
    SELECT printf('%03d', i), i, 1, 1, i, 0, 0, 0, 0 FROM n`)
  db.close()
  return file
}

const linesOf = (text: string): string[] => text.trimEnd().split('\n')

describe('nolater list', () => {
  it('has a hundred alarms, and as JSON all, unless a limit is given', async () => {
    const file = await many()
    const table = await run(['list', file])
    expect(linesOf(table.out)).toHaveLength(1 + 100)
    expect(table.said).toBe('There are more: --limit N, or --after KEY.\n')
    expect(linesOf((await run(['list', file, '--json'])).out)).toHaveLength(150)
    const whole = await run(['list', file, '--limit', '150'])
    expect([linesOf(whole.out).length, whole.said]).toEqual([1 + 150, ''])
  })

  it('says nothing beside its JSON', async () => {
    const file = await many()
    const few = await run(['list', file, '--json', '--limit', '2'])
    expect([few.code, linesOf(few.out).length, few.said]).toEqual([0, 2, ''])
    expect(await run(['list', file, '--json', '--prefix', 'x'])).toEqual({ code: 1, out: '', said: '' })
  })

  it('ends when it is stopped', async () => {
    const stop = new AbortController()
    let out = ''
    await run(['list', await many(), '--json'], {
      signal: stop.signal,
      out(text) {
        out += text
        if (linesOf(out).length === 3) stop.abort()
      },
    })
    expect(linesOf(out)).toHaveLength(3)
  })
})
