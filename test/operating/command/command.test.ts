import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { EMPTY, NEVER } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { newFile, newManager } from '../../sqlite/files.ts'
import { manyAlarms } from './many-alarms.ts'
import { run } from './run.ts'

const HOUR = 3_600_000

/** A file with an alarm that is pending, one that is due, and one that was given up. */
async function target() {
  const file = newFile()
  const manager = newManager({ file })
  const t0 = Date.now()
  const write = (key: string, time: number, fence = 1) =>
    manager.write(key, time, { key, move: 'later', fence, attempt: 1 })
  await write('failed', t0, 7)
  const delivering = manager.deliveries(() => {
    throw Object.assign(new RangeError('no such customer'), { retry: false })
  })
  await new Promise<void>((resolve) => {
    const subscription = delivering.subscribe(({ kind }) => {
      if (kind !== 'given-up') return
      subscription.unsubscribe()
      resolve()
    })
  })
  await write('due', t0 - HOUR)
  await write('pending', t0 + HOUR)
  return { file, manager, t0 }
}

describe('nolater', () => {
  it('lists what is held, as wide as the terminal', async () => {
    const { file, manager } = await target()
    const long = `long ${'k'.repeat(100)}`
    const listed = async (columns: number) => (await run(['list', file], { isTerminal: true, columns })).out
    const out = await listed(80)
    expect(out.split('\n').every((line) => line.length <= 80)).toBe(true)
    expect(out.replaceAll(/ +/g, ' ').split('\n')).toEqual([
      'KEY STATE DUE FAILS LAST ERROR',
      'due due 1 h ago 0',
      expect.stringMatching(/^failed failed .* ago 1 RangeError: no such/),
      'pending pending in 60 min 0',
      '',
    ])
    await manager.write(long, Date.now(), { key: long, move: 'later', fence: 1, attempt: 1 })
    expect(await listed(80)).toMatch(/^long k{18}… due /m)
    expect(await listed(120)).toMatch(/^long k{38}… due /m)
    expect(await listed(500)).toMatch(/^long k{58}… due /m)
    expect(await listed(20)).toMatch(/^KEY {7}STATE .*\n(?:.*\n)*long kkk… due /)
  })

  it('lists what is held without a terminal with nothing cut, a line for each', async () => {
    const { file, manager, t0 } = await target()
    const key = `a\tb\n${'k'.repeat(200)}`
    await manager.write(key, t0 - 2 * HOUR, { key, move: 'later', fence: 1, attempt: 1 })
    const db = new DatabaseSync(file)
    const change = db.prepare("UPDATE alarm SET last_error = json_set(last_error, '$.message', ?)")
    change.run(`no\tsuch\n${'x'.repeat(500)}`)
    db.close()
    const { out } = await run(['list', file], { now: () => t0 + 60_000 })
    expect(out.split('\n').map((line) => line.split('\t'))).toEqual([
      ['KEY', 'STATE', 'DUE', 'FAILS', 'LAST ERROR'],
      [`a\\u0009b\\u000a${'k'.repeat(200)}`, 'due', '2 h ago', '0', ''],
      ['due', 'due', '1 h ago', '0', ''],
      ['failed', 'failed', '1 min ago', '1', `RangeError: no\\u0009such\\u000a${'x'.repeat(500)}`],
      ['pending', 'pending', 'in 59 min', '0', ''],
      [''],
    ])
  })

  it('lists what is asked for, and says that there is more', async () => {
    const { file } = await target()
    const keys = async (...more: string[]) => {
      const { out } = await run(['list', file, '--json', ...more])
      return out === ''
        ? []
        : out
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line).key)
    }
    expect(await keys('--state', 'failed')).toEqual(['failed'])
    expect(await keys('--prefix', 'pe')).toEqual(['pending'])
    expect(await keys('--limit', '2')).toEqual(['due', 'failed'])
    expect(await keys('--after', 'failed')).toEqual(['pending'])
    expect(await run(['list', file, '--limit', '2'])).toMatchObject({
      code: 0,
      said: expect.stringContaining('There are more'),
    })
    expect(await run(['list', file, '--prefix', 'none'])).toMatchObject({
      code: 1,
      said: 'There are none.\n',
    })
  })

  it('counts, and says that nothing delivers', async () => {
    const { file } = await target()
    const { code, out } = await run(['stats', file])
    expect(code).toBe(0)
    expect(out).toMatch(/^pending +1\ndue +1\n/)
    expect(out).toContain('oldest due   1 h overdue: due')
    expect(out).toContain('nothing: what is due stays due')
    expect(JSON.parse((await run(['stats', file, '--json'])).out).counts.failed).toBe(1)
  })

  it('counts what was delivered in the last minute by what delivers no more', async () => {
    const file = newFile()
    const manager = newManager({ file })
    await manager.write('a', Date.now(), { key: 'a', move: 'later', fence: 1, attempt: 1 })
    await new Promise<void>((resolve) => {
      manager.deliveries(() => EMPTY).subscribe(({ kind }) => kind === 'done' && resolve())
    })
    await manager.write('b', Date.now() + HOUR, { key: 'b', move: 'later', fence: 1, attempt: 1 })
    expect((await run(['stats', file])).out).toMatch(/^delivers +\S+ for/m)
    await manager.close()
    const { out } = await run(['stats', file])
    expect(out).toMatch(/^last minute +0.02 fires\/s, 0 failures\/s\nlateness +half at most/m)
    expect(out).toContain('delivers     nothing: what is due stays due\n')
    expect((await run(['doctor', file])).out).toContain('notice NOTHING_DELIVERS')
  })

  it('goes on counting until it is stopped', async () => {
    const { file } = await target()
    const stop = new AbortController()
    let pages = 0
    const watching = run(['stats', file, '--watch'], {
      isTerminal: true,
      signal: stop.signal,
      out: (text) => {
        pages += text.includes('pending') ? 1 : 0
        stop.abort()
      },
    })
    expect((await watching).code).toBe(0)
    expect(pages).toBe(1)
  })

  it('shows which process delivers one, until when, and how late it is', async () => {
    const { file, manager } = await target()
    const begun = Promise.withResolvers<void>()
    const delivering = manager.deliveries(() => NEVER).subscribe(() => begun.resolve())
    await begun.promise
    const { out } = await run(['show', file, 'due'])
    expect(out).toMatch(new RegExp(`held by         \\S+:${process.pid}\n`))
    expect(out).toMatch(/until {11}\S.* in 30 s; then it is delivered again, unless it is answered\n/)
    expect(out).not.toMatch(/^delivered again/m)
    expect((await run(['list', file])).out).toContain('due\tdelivering\t1 h ago\t0\t\n')
    delivering.unsubscribe()
  })

  it('shows all that is known of one', async () => {
    const { file } = await target()
    const { code, out } = await run(['show', file, 'failed'])
    expect(code).toBe(0)
    expect(out).toContain('last error      RangeError: no such customer')
    expect(out).toContain('failing since')
    expect(out).toMatch(/at .*command.test.ts/)
    expect(out).toContain('fence           7')
    expect(out).toMatch(/failures +1\n/)
    expect((await run(['doctor', file])).out).toContain(
      'given up after 1 failure, the last time with RangeError',
    )
    expect((await run(['show', file, 'pending'])).out).toContain('in 60 min')
    expect(await run(['show', file, 'none'])).toMatchObject({ code: 1, out: '' })
  })

  it.each([
    ['retry', [], { due: expect.any(Number) }, 1],
    ['reschedule', ['2100-01-01T00:00:00Z'], { due: Date.UTC(2100, 0) }, 0],
    ['discard', [], undefined, 1],
  ])('%s: changes the failed alarm under its fence, and no other', async (command, more, after, twice) => {
    const { file, manager } = await target()
    const call = (...words: string[]) => run([command, file, ...words, ...more])
    expect((await call('pending')).code).toBe(1)
    expect((await call('failed', '--fence', '6')).code).toBe(1)
    expect(await call('failed', '--fence', '7')).toMatchObject({ code: 0, said: '' })
    expect((await call('failed')).code).toBe(twice)
    const held = []
    for await (const alarm of manager.list({ key: 'failed' })) held.push(alarm)
    expect(held).toMatchObject(after === undefined ? [] : [after])
    expect(manager.get('pending')).not.toBeNull()
  })

  it('retries all that have failed, or those whose keys begin so', async () => {
    const { file } = await target()
    expect((await run(['retry', file, '--prefix', 'x'])).code).toBe(1)
    expect(await run(['retry', file, '--all'])).toMatchObject({ code: 0, out: 'retried failed\n' })
    expect(await run(['retry', file, '--all'])).toMatchObject({
      code: 1,
      said: 'There is no failed alarm.\n',
    })
  })

  it('begins no more of them when it is stopped', async () => {
    const file = await manyAlarms(1_200, 'failed')
    const db = new DatabaseSync(file)
    const failed = () => db.prepare('SELECT count(*) AS count FROM alarm WHERE due IS NULL').get()?.count
    const stop = new AbortController()
    const out = () => stop.abort()
    expect((await run(['retry', file, '--all'], { signal: stop.signal, out })).code).toBe(0)
    expect(failed()).toBe(700)
    db.close()
  })

  it('pauses and resumes, and says so', async () => {
    const { file, manager } = await target()
    expect(await run(['pause', file, '--all'])).toMatchObject({ code: 0, out: 'paused: all\n' })
    expect((await run(['pause', file, '--all'])).code).toBe(1)
    expect((await run(['pause', file, 'due'])).out).toBe('paused: the key "due"\n')
    expect((await manager.stats()).paused).toEqual([{ prefix: '' }, { key: 'due' }])
    expect((await run(['list', file])).out).toMatch(/due\tpaused/)
    expect((await run(['stats', file])).out).toContain('paused       the key "due"')
    expect((await run(['resume', file, '--prefix', 'd'])).out).toBe('resumed: the key "due"\n')
    expect((await run(['resume', file, '--all'])).code).toBe(0)
    expect((await manager.stats()).paused).toEqual([])
  })

  it.each([
    [[], 0, /^nolater: see the alarms/],
    [['--help'], 0, /^nolater: see the alarms/],
    [['help'], 0, /^nolater: see the alarms/],
    [['list', 'x', '--help'], 0, /^nolater list: the alarms/],
    [['help', 'list'], 0, /^nolater list: the alarms/],
    [['--version'], 0, /^\d+\.\d+\.\d+/],
  ])('%j says how', async (words, code, expected) => {
    expect(await run(words)).toMatchObject({ code, out: expect.stringMatching(expected), said: '' })
  })

  it.each([
    [['lst', 'x'], /There is no command "lst": list may be meant\./],
    [['abcdef', 'x'], /There is no command "abcdef": it is one of list/],
    [['constructor', 'x'], /There is no command/],
    [['list'], /needs a file/],
    [['list', 'x', 'y'], /It is called as: nolater list TARGET \[--state/],
    [['show', 'x'], /It is called as: nolater show TARGET KEY \[/],
    [['list', 'x', '--limit', '0'], /--limit is a whole number, 1 or more; given "0"/],
    [
      ['list', 'x', '--limit', '-1'],
      /--limit takes a value, as --name=value where that begins with -\. nolater list --help/,
    ],
    [['list', 'x', '--watch=no'], /--watch takes no value\./],
    [
      ['list', 'x', '--stat', 'due'],
      /There is no option --stat: --state may be meant\. A key that begins with - comes after --\./,
    ],
    [['show', 'x', '-k'], /There is no option -k\. A key that/],
    [['list', 'x', '--schema', 'y'], /--schema is of a postgres:\/\/ URL/],
    [['list', 'x', '--watch'], /list has no --watch/],
    [['list', 'x', '--limit', 'many'], /--limit is a whole number/],
    [['list', 'x', '--nosuch'], /nosuch/],
    [['reschedule', 'x', 'k', 'tomorrow'], /A time is like/],
    [['help', 'lst'], /There is no command "lst"/],
    [['lst', '--help'], /There is no command "lst"/],
    [['--nosuch', 'list', 'x'], /nosuch/],
  ])('%j is a wrong call', async (words, expected) => {
    expect(await run(words)).toMatchObject({ code: 2, out: '', said: expect.stringMatching(expected) })
  })

  it.each([
    [['list'], 'list '],
    [['--nosuch', 'show'], 'show '],
    [['doctor', 'postgres:/u:p@h/db'], 'doctor '],
    [['lst', 'x'], ''],
    [['constructor', 'x'], ''],
    [['--nosuch'], ''],
  ])('%j points to the help that says more', async (words, command) => {
    const said = (await run(words)).said
    expect(said).toMatch(new RegExp(`[^.]\\. nolater ${command}--help says more\\.\n$`))
  })

  it('points to the help where the manager refuses what is asked', async () => {
    const { file } = await target()
    expect(await run(['list', file, '--state', 'late'])).toMatchObject({
      code: 2,
      said: expect.stringMatching(/^nolater: .*"late".*\. nolater list --help says more\.\n$/),
    })
  })

  it('points to no help where the call was right', async () => {
    expect((await run(['list', newFile()])).said).not.toContain('--help')
  })

  it.each([['retry'], ['pause'], ['resume']])('%s has to be told which', async (command) => {
    const { file } = await target()
    expect((await run([command, file])).code).toBe(2)
    expect((await run([command, file, 'a', '--all'])).code).toBe(2)
  })

  it.each([['list'], ['stats'], ['retry'], ['pause']])(
    '%s makes no file, and touches none of others',
    async (command) => {
      const none = newFile()
      const more = command === 'retry' || command === 'pause' ? ['--all'] : []
      expect((await run([command, none, ...more])).code).toBe(3)
      const other = newFile()
      const db = new DatabaseSync(other)
      db.exec('CREATE TABLE mine (a)')
      const { code, said } = await run([command, other, ...more])
      expect([code, said]).toEqual([3, expect.stringContaining('is not one of alarms')])
      expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'delete' })
      db.close()
      const { existsSync } = await import('node:fs')
      expect(existsSync(none)).toBe(false)
    },
  )

  it('reads a file that an older version wrote only when that was brought up to date', async () => {
    const { file, manager } = await target()
    await manager.close()
    const db = new DatabaseSync(file)
    db.exec('PRAGMA user_version = 2')
    db.close()
    expect(await run(['list', file])).toMatchObject({ code: 3, said: expect.stringContaining('version 2') })
  })

  it.each([
    'postgres:/admin:S3cretPass@127.0.0.1:5999/db',
    'postgres//admin:S3cretPass@127.0.0.1:5999/db',
    'postgresql:admin:S3cretPass@h/db',
    'admin:S3cretPass@127.0.0.1:5999/db',
    'jdbc:postgresql://127.0.0.1:5999/db?user=admin&password=S3cretPass',
  ])('repeats nothing of what is misspelt as a URL: %s', async (url) => {
    for (const words of [
      ['list', url],
      ['pause', url, 'a'],
      ['doctor', url],
      ['doctor', newFile(), url],
    ]) {
      const { code, out, said } = await run(words)
      expect([out, said]).toEqual(['', expect.not.stringMatching(/S3c/)])
      expect(code).toBe(words.length === 3 && words[0] === 'doctor' ? 3 : 2)
    }
  })

  it('takes the scheme of a URL in capitals', async () => {
    const { code, said } = await run(['list', 'POSTGRES://me:s3cret@127.0.0.1:1/db'])
    expect([code, said]).toEqual([3, expect.stringMatching(/127\.0\.0\.1/)])
  })

  it('refuses a directory at once', async () => {
    for (const command of ['list', 'stats', 'pause']) {
      const { code, said } = await run([command, dirname(newFile()), ...(command === 'pause' ? ['a'] : [])])
      expect([code, said]).toEqual([3, expect.stringMatching(/is no file, but a directory/)])
    }
    const { file } = await target()
    expect(await run(['show', file, 'due', '--journal', dirname(file)])).toMatchObject({
      code: 3,
      said: expect.stringMatching(/is no file, but a directory/),
    })
  })

  it.each([['pause'], ['resume'], ['retry']])('%s takes no empty beginning for all', async (command) => {
    const { file, manager } = await target()
    await manager.pause({ key: 'pending' })
    expect(await run([command, file, '--prefix', ''])).toMatchObject({
      code: 2,
      said: expect.stringMatching(/--prefix is empty.*say --all/),
    })
    expect((await manager.stats()).paused).toEqual([{ key: 'pending' }])
  })

  it('prints no control character raw, in JSON neither', async () => {
    const key = 'a\u009b2J\u202eb\u2028'
    const { file, manager } = await target()
    await manager.write(key, Date.now(), { key, move: 'later', fence: 1, attempt: 1 })
    for (const words of [
      ['list', file],
      ['show', file, key],
      ['pause', file, key],
      ['stats', file],
    ]) {
      const { out } = await run([...words, '--json'])
      expect(out).not.toMatch(/[\u007f-\u009f\u2028\u202e]/)
      if (words[0] === 'show') expect(JSON.parse(out)).toMatchObject({ key })
    }
  })

  it('prints no password, however it is written', async () => {
    for (const url of [
      'postgres://me:s%40cret@127.0.0.1:1/db',
      'postgres://me@127.0.0.1:1/db?password=s%40cret',
      'postgresql://me:s%40cret@[::1/db',
      'postgres://me:s%40cret@/db?host=/none/s%40cret',
      'postgres://me:x@y#s@cret@127.0.0.1:1/db',
      ' postgres://me:s%40cret@127.0.0.1:1/db',
      'postgresql+ssl://me:s@cret@h/db',
      "host=h password='s@cret'",
    ]) {
      for (const words of [
        ['list', url],
        ['show', url, 'k'],
        ['list', url, url],
        ['list', 'x', '--state', url],
      ]) {
        const { code, out, said } = await run(words)
        expect(code).toBeGreaterThan(1)
        expect(out + said).not.toMatch(/s@cret|s%40cret/)
      }
    }
  })

  it('lets no key and no error move the cursor', async () => {
    const file = newFile()
    const manager = newManager({ file })
    const key = '\u001b[2J\r\n\u202eevil'
    await manager.write(key, Date.now() + HOUR, { key, move: 'later', fence: 1, attempt: 1 })
    for (const words of [
      ['list', file],
      ['show', file, key],
      ['pause', file, key],
      ['stats', file],
    ]) {
      const { out, said } = await run(words)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none but the tabs of the list
      expect(out.replaceAll('\t', '') + said).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/)
    }
  })
})
