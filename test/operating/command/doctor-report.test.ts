import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { newFile, newManager } from '../../sqlite/files.ts'
import { run } from './run.ts'

/** The file of a manager with so many alarms that were given up. */
async function givenUp(count: number) {
  const file = newFile()
  await newManager({ file }).close()
  change(
    file,
    `
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
    INSERT INTO alarm (key, time, fence, set_by, due, counted, uncounted, begun, changed_at)
    SELECT 'key' || i, i, 1, 1, NULL, 7, 0, 0, 0 FROM n WHERE i <= ${count}`,
  )
  return file
}

function change(file: string, sql: string): void {
  const db = new DatabaseSync(file)
  db.exec(sql)
  db.close()
}

function failed(file: string): unknown {
  const db = new DatabaseSync(file)
  const [row] = db.prepare('SELECT count(*) AS count FROM alarm WHERE due IS NULL').all()
  db.close()
  return row?.count
}

const countOf = (text: string, part: string): number => text.split(part).length - 1

describe('what nolater doctor says', () => {
  it('names twenty of a kind, and counts the others; as JSON it names all', async () => {
    const file = await givenUp(25)
    const { code, out } = await run(['doctor', file])
    expect(code).toBe(1)
    expect(countOf(out, 'fault  ALARM_GIVEN_UP key')).toBe(20)
    expect(out).toContain('\nALARM_GIVEN_UP: 5 more\n25 faults in the manager alone')
    expect((await run(['doctor', file, '--json'])).out.trim().split('\n')).toHaveLength(25)
    const few = await givenUp(20)
    expect((await run(['doctor', few])).out).not.toContain(' more\n')
  })

  it('says one fault of one, and exits with 0 when it is repaired', async () => {
    const file = await givenUp(1)
    const found = await run(['doctor', file])
    expect(found).toMatchObject({ code: 1, out: expect.stringContaining('\n1 fault in the manager alone') })
    const fixed = await run(['doctor', file, '--fix'])
    expect(fixed).toMatchObject({ code: 0, out: expect.stringMatching(/repaired\n1 of 1 repaired\.\n$/) })
  })

  it('exits with 1 where a fault is left that cannot be repaired', async () => {
    const file = await givenUp(1)
    change(
      file,
      `INSERT INTO alarm (key, time, fence, set_by, due, counted, uncounted, begun, changed_at) VALUES ('due', 1, 1, 1, 1, 0, 0, 0, 0)`,
    )
    const { code, out } = await run(['doctor', file, '--fix'])
    expect([code, out]).toEqual([
      1,
      expect.stringMatching(
        /not repaired\n {7}to do: start what subscribes to deliveries\n[\s\S]* repaired\n1 of 2 repaired\.\n$/,
      ),
    ])
    expect(countOf(out, 'to do')).toBe(1)
  })

  it('offers --fix only where something can be repaired', async () => {
    const file = await givenUp(1)
    change(file, 'UPDATE alarm SET due = 1, counted = 0')
    expect((await run(['doctor', file])).out).toMatch(/\n1 fault in the manager alone[^\n]*compare them\.\n$/)
  })

  it('says as a notice that nothing delivers, while alarms wait and none is late', async () => {
    const file = await givenUp(2)
    const now = Date.now()
    change(file, `UPDATE alarm SET time = ${now + 3_600_000}, due = ${now + 3_600_000}, counted = 0`)
    expect(await run(['doctor', file])).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^notice NOTHING_DELIVERS\n {7}nothing delivers at the moment: 2 alarms wait, 0 of them due\n {7}to do: start what subscribes to deliveries\nNothing is wrong/,
      ),
    })
    const minute = '{"fires":0,"failures":0,"lateness":{},"latest":0}'
    change(file, `INSERT INTO deliverer VALUES ('h', 'host:1', ${now}, ${now}, '${minute}')`)
    expect((await run(['doctor', file])).out).toMatch(/^Nothing is wrong/)
  })

  it('counts no notice among the faults', async () => {
    const file = await givenUp(0)
    await run(['pause', file, '--all'])
    const { code, out } = await run(['doctor', file])
    expect(code).toBe(0)
    expect(out).toMatch(
      /^notice ALARM_PAUSED\n {7}paused: all; nothing of it is late\n[\s\S]*\nNothing is wrong with the manager alone/,
    )
  })

  it('folds what is wider than the terminal', async () => {
    const file = await givenUp(1)
    const { out } = await run(['doctor', file], { isTerminal: true, columns: 40 })
    const widths = out.split('\n').map((line) => line.length)
    expect(Math.max(...widths.slice(0, -2))).toBeLessThanOrEqual(40)
    expect(out).toContain('\n       to do: retry it, once its cause\n       is mended; --fix does it\n')
  })

  it('calls a pause a fault once an alarm is late for it, and says how it is ended', async () => {
    const file = await givenUp(2)
    change(
      file,
      `UPDATE alarm SET due = time, counted = 0; UPDATE alarm SET key = 'other' WHERE key = 'key2'`,
    )
    for (const prefix of ['another', 'key', 'none']) await run(['pause', file, '--prefix', prefix])
    const { code, out } = await run(['doctor', file])
    expect(code).toBe(1)
    expect(out).toMatch(
      /^fault {2}ALARM_PAUSED key1\n {7}paused: keys that begin with "key"; the first \("key1"\) is late by \d+ d\n {7}to do: .*: nolater resume TARGET --prefix key\n/,
    )
    expect(out).toContain(
      'notice ALARM_PAUSED\n       paused: keys that begin with "none"; nothing of it is late\n',
    )
    const found = (await run(['doctor', file, '--json'])).out.split('\n')
    expect(JSON.parse(found[0] as string)).toMatchObject({
      code: 'ALARM_PAUSED',
      scope: { prefix: 'key' },
      key: 'key1',
    })
  })

  it('repairs no more when it is stopped, and says what is left', async () => {
    const file = await givenUp(3)
    const stop = new AbortController()
    let out = ''
    const { code } = await run(['doctor', file, '--fix'], {
      signal: stop.signal,
      out(text) {
        out += text
        stop.abort()
      },
    })
    expect([code, failed(file)]).toEqual([1, 2])
    expect(out).toMatch(/\n1 of 3 repaired\.\n$/)
  })

  it('calls nothing well that it was stopped before it saw', async () => {
    const file = await givenUp(3)
    const signal = AbortSignal.abort()
    expect(await run(['doctor', file, '--fix'], { signal })).toEqual({
      code: 3,
      out: '',
      said: 'It was stopped before all was examined.\n',
    })
    expect(failed(file)).toBe(3)
  })

  it('lets no key, and no text of what came of a repair, move the cursor', async () => {
    const [file, evil] = [await givenUp(1), `${newFile()}\u202e`]
    change(file, `UPDATE alarm SET key = 'a\u001b\u202e'; VACUUM INTO '${evil}'`)
    expect((await run(['doctor', evil])).out).toMatch(/^fault {2}ALARM_GIVEN_UP a\\u001b\\u202e$/m)
    // What brings it up to date finds a column that it is about to add.
    change(evil, 'PRAGMA user_version = 2')
    const { out } = await run(['doctor', evil, '--fix'])
    expect(out).toMatch(/ not repaired: .*\\u202e/)
    expect(out).not.toContain('\u202e')
  })

  it('lets no text of an error move the cursor', async () => {
    const file = await givenUp(1)
    const error = JSON.stringify({ name: 'Error', message: '\u001b[2J\u202eevil', at: 1 })
    change(file, `UPDATE alarm SET last_error = '${error}'`)
    const { out } = await run(['doctor', file])
    expect(out).toContain('evil')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
  })

  it('says the beginning of a long error', async () => {
    const file = await givenUp(1)
    const error = JSON.stringify({ name: 'Error', message: 'x'.repeat(3_000), at: 1 })
    change(file, `UPDATE alarm SET last_error = '${error}'`)
    expect(/xx+/.exec((await run(['doctor', file])).out)?.[0]).toHaveLength(200)
  })
})
