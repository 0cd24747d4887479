import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { newFile, newManager } from '../../sqlite/files.ts'
import { run } from './run.ts'

/** The file of a manager with alarms that were given up under fence 1. */
async function givenUp(...keys: string[]) {
  const file = newFile()
  await newManager({ file }).close()
  const db = new DatabaseSync(file)
  const add = db.prepare(
    'INSERT INTO alarm (key, time, fence, set_by, due, counted, uncounted, begun, changed_at) VALUES (?, 1, 1, 1, NULL, 7, 0, 0, 0)',
  )
  for (const key of keys) add.run(key)
  db.close()
  return file
}

const lines = (text: string): unknown[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

describe('a command that changes something', () => {
  it('exits with 1 where it found one of them and not the other, and says which', async () => {
    const file = await givenUp('a')
    expect(await run(['retry', file, 'a', 'b'])).toEqual({
      code: 1,
      out: 'retried a\n',
      said: 'There is no failed alarm of b.\n',
    })
  })

  it('says that there is none under the fence that was given', async () => {
    const file = await givenUp('a')
    const { said } = await run(['discard', file, 'a', '--fence', '2'])
    expect(said).toBe('There is no failed alarm of a under that fence.\n')
  })

  it('prints a line of JSON for each, and nothing else', async () => {
    const file = await givenUp('a')
    const { code, out, said } = await run(['retry', file, 'a', 'b', '--json'])
    expect([code, lines(out), said]).toEqual([
      1,
      [
        { key: 'a', retried: true },
        { key: 'b', retried: false },
      ],
      '',
    ])
    expect(await run(['retry', file, '--all', '--json'])).toEqual({ code: 1, out: '', said: '' })
    const pause = async () => lines((await run(['pause', file, '--prefix', 'x', '--json'])).out)
    expect(await pause()).toEqual([{ prefix: 'x', paused: true }])
    expect(await pause()).toEqual([{ prefix: 'x', paused: false }])
  })

  it('says what was so already', async () => {
    const file = await givenUp()
    await run(['pause', file, 'a'])
    expect(await run(['pause', file, 'a'])).toMatchObject({
      out: '',
      said: 'the key a: was paused already\n',
    })
    expect(await run(['resume', file, 'b'])).toMatchObject({ out: '', said: 'the key b: was not paused\n' })
  })

  it('takes a time in ms or of ISO 8601, and nothing else for one', async () => {
    const file = await givenUp('a')
    for (const time of ['99999999999999999999', '-5', 'May 5', '2030-01-31T25:00:00Z']) {
      expect((await run(['reschedule', file, 'a', '--', time])).code).toBe(2)
    }
    for (const time of ['4102444800000', '2100-01-01', '2100-01-01T01:00:00.000+01:00']) {
      const other = await givenUp('a')
      expect((await run(['reschedule', other, 'a', time])).code).toBe(0)
      expect(lines((await run(['show', other, 'a', '--json'])).out)).toMatchObject([
        { due: 4_102_444_800_000 },
      ])
    }
  })
})
