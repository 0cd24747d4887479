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

function change(file: string, sql: string): void {
  const db = new DatabaseSync(file)
  db.exec(sql)
  db.close()
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
      said: '"b": there is no alarm.\n',
    })
  })

  it('says that there is none under the fence that was given', async () => {
    const file = await givenUp('a')
    const { said } = await run(['discard', file, 'a', '--fence', '2'])
    expect(said).toBe('"a": it has failed, but its fence is 1, not 2.\n')
  })

  it('prints a line of JSON for each, and nothing else', async () => {
    const file = await givenUp('a')
    const { code, out, said } = await run(['retry', file, 'a', 'b', '--json'])
    expect([code, lines(out), said]).toEqual([
      1,
      [
        { key: 'a', retried: true },
        { key: 'b', retried: false, state: null, reason: 'there is no alarm.' },
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
      said: 'the key "a": paused already\n',
    })
    expect(await run(['resume', file, 'b'])).toMatchObject({
      out: '',
      said: 'the key "b": not paused by itself\n',
    })
  })

  it('says of a key that has no alarm, and of one that others are paused with', async () => {
    const file = await givenUp('user/1')
    expect((await run(['pause', file, 'user/1'])).said).toBe('')
    expect(await run(['pause', file, 'usr/1'])).toEqual({
      code: 0,
      out: 'paused: the key "usr/1"\n',
      said: 'There is no alarm of this key now.\n',
    })
    await run(['pause', file, '--prefix', 'user/'])
    await run(['pause', file, '--all'])
    const others =
      'paused with keys that begin with "user/", and with all: ' +
      'nolater resume TARGET --prefix user/; nolater resume TARGET --all\n'
    expect((await run(['resume', file, 'user/1'])).said).toBe(`It is still ${others}`)
    expect(await run(['resume', file, 'user/1'])).toMatchObject({
      code: 1,
      said: `the key "user/1": not paused by itself\nIt is ${others}`,
    })
    expect(await run(['resume', file, 'user/1', '--json'])).toEqual({
      code: 1,
      out: '{"key":"user/1","resumed":false,"ended":[],"pausedWith":[{"prefix":"user/"},{"prefix":""}]}\n',
      said: '',
    })
    await run(['resume', file, '--all'])
    expect((await run(['resume', file, 'cart/1'])).said).toBe('the key "cart/1": not paused by itself\n')
  })

  it('says of each pause that has ended: a beginning that is too short ends others, too', async () => {
    const file = await givenUp()
    for (const prefix of ['user/', 'use']) await run(['pause', file, '--prefix', prefix])
    await run(['pause', file, 'user/1'])
    expect(await run(['resume', file, '--prefix', 'user'])).toEqual({
      code: 0,
      out: 'resumed: keys that begin with "user/"\nresumed: the key "user/1"\n',
      said: 'It is still paused with keys that begin with "use": nolater resume TARGET --prefix use\n',
    })
    expect(lines((await run(['resume', file, '--all', '--json'])).out)).toEqual([
      { resumed: true, ended: [{ prefix: 'use' }], pausedWith: [] },
    ])
  })

  it('takes a time in ms or of ISO 8601, and nothing else for one', async () => {
    const file = await givenUp('a')
    for (const time of [
      '99999999999999999999',
      '-5',
      'May 5',
      '2030-01-31T25:00:00Z',
      '2030-01-31T12:00:00',
      '2030-02-30T12:00:00Z',
      '2030-13-01',
      // seconds, a year, a delay
      '1796036497',
      '2030',
      '60000',
    ]) {
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

  it('gives what was rescheduled to the wrong time another, and doctor names it', async () => {
    const file = await givenUp('a')
    expect((await run(['reschedule', file, 'a', '2190-01-01'])).code).toBe(0)
    const examined = await run(['doctor', file])
    expect(examined.code).toBe(0)
    expect(examined.out).toContain('notice ALARM_RESCHEDULED a')
    expect(examined.out).toContain('rescheduled by an operator to 2190-01-01T00:00:00.000Z')
    expect(examined.out).toContain('if that was a slip, retry it')
    expect((await run(['reschedule', file, 'a', '2091-01-01'])).out).toContain('to 2091-01-01T00')
    expect((await run(['discard', file, 'a'])).said).toContain('pending until 2091-01-01T00')
    expect((await run(['retry', file, 'a'])).code).toBe(0)
    expect((await run(['doctor', file])).out).not.toContain('ALARM_RESCHEDULED')
  })

  it('ends with retry the lease of a process that has died', async () => {
    const file = await givenUp('a')
    change(
      file,
      `UPDATE alarm SET due = 4102444800000, leased_until = 4102444800000, holder = 'h', begun = 1;
       INSERT INTO deliverer VALUES ('h', 'elsewhere:1', 0, ${Date.now() - 700_000}, '{}')`,
    )
    expect(await run(['retry', file, 'a'])).toEqual({ code: 0, out: 'retried a\n', said: '' })
    expect(lines((await run(['show', file, 'a', '--json'])).out)).toMatchObject([
      { state: 'due', failures: 7 },
    ])
  })

  it('says to which time an alarm was rescheduled: never before its own', async () => {
    const file = await givenUp('a', 'b', 'c')
    change(file, `UPDATE alarm SET time = 4102444800000 WHERE key <> 'a'`)
    const later = (key: string, ...more: string[]) =>
      run(['reschedule', file, key, '2090-01-01T01:00:00+01:00', ...more])
    expect((await later('a')).out).toMatch(/^rescheduled a to 2090-01-01T00:00:00\.000Z, in \d+ d\n$/)
    expect((await later('b')).out).toMatch(
      /^rescheduled b to its own time, 2100-01-01T00:00:00\.000Z, in \d+ d: that is later than 2090-01-01T00:00:00\.000Z\n$/,
    )
    expect(lines((await later('c', '--json')).out)).toEqual([
      { key: 'c', rescheduled: true, due: 4_102_444_800_000 },
    ])
  })

  it.each([
    [
      'pending',
      'time = 4102444800000, due = 4102444800000',
      /^"a": it is pending until 2100-01-01T00:00:00.000Z: .*Its actor can/,
    ],
    ['due', 'time = 9000, due = 9000', /^"a": it is late by 1 s, .*start what subscribes/],
    [
      'delivering',
      "due = 4102444800000, leased_until = 4102444800000, holder = 'h', begun = 1",
      /^"a": it is being delivered, and its lease lasts until 2100-01-01T00:00:00.000Z/,
    ],
    [
      'backing-off',
      'due = 4102444800000, begun = 1, counted = 1',
      /^"a": it is backing off, and is retried at 2100-01-01T00:00:00.000Z/,
    ],
  ])('says of an alarm that is %s why it is left alone', async (state, sql, expected) => {
    const file = await givenUp('a')
    change(file, `UPDATE alarm SET counted = 0, ${sql}`)
    for (const [command, ...more] of [['retry'], ['discard'], ['reschedule', '4102444800000']] as const) {
      const call = (...json: string[]) => run([command, file, 'a', ...more, ...json], { now: () => 10_000 })
      expect(await call()).toEqual({ code: 1, out: '', said: expect.stringMatching(expected) })
      const [json] = lines((await call('--json')).out)
      expect(json).toMatchObject({ key: 'a', state, reason: expect.any(String) })
      expect(`"a": ${(json as { reason: string }).reason}`).toMatch(expected)
    }
  })

  it('says of an alarm that is paused while it is due that it is to be resumed', async () => {
    const file = await givenUp('a')
    change(file, 'UPDATE alarm SET counted = 0, due = 1')
    await run(['pause', file, '--all'])
    expect((await run(['retry', file, 'a'])).said).toContain(
      'It is paused with all: nolater resume TARGET --all',
    )
  })
})
