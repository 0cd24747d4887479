import { fork } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { findBinaries } from '../../examples/postgres-server/binaries.ts'
import { keep } from '../../examples/postgres-server/keep.ts'
import { copyBinaries, whyNotRunnable } from '../../examples/postgres-server/place.ts'
import { serverUser } from '../../examples/postgres-server/server-user.ts'
import { startPostgres } from '../../examples/postgres-server/start.ts'
import { until } from '../postgres/rig.ts'

const isRoot = process.getuid?.() === 0
const native = findBinaries()

it('is the one that the environment names', () => {
  vi.stubEnv('NOLATER_POSTGRES', '/opt/another')
  expect(findBinaries()).toBe('/opt/another')
  vi.unstubAllEnvs()
})
const isLinux = process.platform === 'linux'
let folder: string
let base: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nolater-server-'))
  chmodSync(folder, 0o755)
  base = join(folder, 'base')
  mkdirSync(base)
})
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))

let fakes = 0
/** A PostgreSQL whose initdb is this script. */
function fake(script: string, mode = 0o755): string {
  const path = join(folder, `fake-${++fakes}`)
  mkdirSync(join(path, 'bin'), { recursive: true })
  const version = 'if [ "$1" = --version ]; then exit 0; fi\n'
  writeFileSync(join(path, 'bin', 'initdb'), `#!/bin/sh\n${version}${script}`, { mode })
  writeFileSync(join(path, 'bin', 'postgres'), `#!/bin/sh\n${version}${script}`, { mode })
  return path
}
const failureOf = async (native: string, limit = 60_000): Promise<string> =>
  startPostgres({ native, bases: [base], limit, graces: [500, 500, 500] }).then(
    () => 'it started',
    ({ message }: Error) => message,
  )
const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
const postmaster = (data: string) => readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')
const pidOf = (data: string): number => Number(postmaster(data)[0])
const segmentOf = (data: string): string => postmaster(data)[6]!.trim().split(/\s+/)[1]!
const segments = (): string => (isLinux ? readFileSync('/proc/sysvipc/shm', 'utf8') : '')

describe.runIf(isLinux)('a PostgreSQL that does not come up', () => {
  it('that prints nothing is given up after the limit, with its name', async () => {
    expect(await failureOf(fake('exec sleep 1000'), 300)).toMatch(
      /initdb, awaited to end with success, has not come to it within 300 ms\. It printed last: \(nothing\)/,
    )
    expect(readdirSync(base)).toEqual([])
  })

  it('that says something first has it in the error', async () => {
    expect(await failureOf(fake('echo one; echo thinking >&2; exec sleep 1000'), 1_000)).toMatch(
      /within 1000 ms\. It printed last: [^(]*thinking/,
    )
  })

  it('and is deaf to signals is killed', async () => {
    const pidFile = join(folder, 'deaf')
    const script = `trap '' INT QUIT TERM HUP; echo $$ > ${pidFile}; while :; do sleep 0.1; done`
    writeFileSync(pidFile, '', { mode: 0o666 })
    chmodSync(pidFile, 0o666)
    expect(await failureOf(fake(script), 1_000)).toMatch('within 1000 ms')
    expect(isAlive(Number(readFileSync(pidFile, 'utf8')))).toBe(false)
  })

  it('that ends at once has its code and its words in the error', async () => {
    expect(await failureOf(fake('echo no room on the disk >&2; exit 7'))).toMatch(
      /ended with code 7\. It printed last: no room on the disk/,
    )
    expect(readdirSync(base)).toEqual([])
  })

  it('that is installed for another system says what cannot be run', async () => {
    const broken = fake('')
    writeFileSync(join(broken, 'bin', 'initdb'), '#!/nowhere/sh\n')
    expect(await failureOf(broken)).toMatch(/in place: spawnSync .*initdb ENOENT[\s\S]*base.*ENOENT/)
  })

  it('waits for the limit once, and not in each place', async () => {
    const failed = startPostgres({ native: fake('exec sleep 1000'), bases: [base, base, base], limit: 300 })
    await expect(failed).rejects.toThrow(/Tried:\n- [^\n]*within 300 ms[^\n]*$/)
  })

  it('that cannot be spawned says why', async () => {
    const kept = keep({
      folder: mkdtempSync(join(base, 'kept-')),
      data: base,
      user: null,
      keeps: false,
      graces: [],
    })
    await expect(kept.run(['/nowhere/initdb'], null, 30_000)).rejects.toThrow(
      /could not be started: spawn \/nowhere\/initdb ENOENT/,
    )
    await kept.end()
  })

  it('is not given the settings that are meant for other servers', async () => {
    vi.stubEnv('PGOPTIONS', 'of another')
    expect(await failureOf(fake('echo "options [$PGOPTIONS]"; exit 1'))).toMatch('options []')
    vi.unstubAllEnvs()
  })

  it('that finds its port taken is given another', async () => {
    const seen = join(folder, 'ports')
    writeFileSync(seen, '')
    chmodSync(seen, 0o666)
    const native = fake(`echo "$4" >> ${seen}
      [ $(wc -l < ${seen}) -gt 1 ] || { echo could not bind >&2; exit 1; }
      mkdir -p "$2"; echo $$ > "$2/postmaster.pid"
      echo database system is ready to accept connections >&2
      exec sleep 1000`)
    writeFileSync(join(native, 'bin', 'initdb'), '#!/bin/sh\nexit 0\n')
    const server = await startPostgres({ native, bases: [base], graces: [500, 500, 500] })
    await server.stop()
    expect(new Set(readFileSync(seen, 'utf8').trim().split('\n')).size).toBe(2)
  })

  it('says each place that was tried', async () => {
    const bases = [join(folder, 'nothing'), base]
    await expect(startPostgres({ native: fake('exit 1'), bases })).rejects.toThrow(
      /Tried:\n- .*nothing: ENOENT.*\n- .*base: .*ended with code 1/,
    )
  })
})

describe.runIf(isLinux)('the files of a PostgreSQL', () => {
  it('that have lost their run bits are copied', async () => {
    const without = fake('echo it was run; exit 5', 0o644)
    expect(await failureOf(without)).toMatch(/ended with code 5. It printed last: it was run/)
  })

  it.runIf(isRoot)('are run by a user that is not root', () => {
    expect(serverUser()).toMatchObject({ uid: expect.any(Number), name: expect.stringMatching(/\w/) })
    expect(serverUser()!.uid).not.toBe(0)
    const passwd = join(folder, 'passwd')
    writeFileSync(passwd, 'root:x:0:0:root:/root:/bin/sh\n')
    expect(() => serverUser(passwd)).toThrow('names no other user')
  })
})

describe.skipIf(native === null)(
  native === null ? 'a real PostgreSQL (npm has none here)' : 'a real PostgreSQL',
  { timeout: 120_000 },
  () => {
    const locked = (): string => {
      const path = mkdtempSync(join(folder, 'locked-')) // of mode 0700
      symlinkSync(native!, join(path, 'native'))
      return path
    }

    it.runIf(isRoot)(
      'runs though its user cannot reach it where it is installed, nor the first folder',
      async () => {
        const below = locked()
        expect(whyNotRunnable(join(below, 'native'), serverUser())).toMatch('EACCES')
        const bases = [below, base]
        const server = await startPostgres({ native: join(below, 'native'), bases })
        expect(server.folder).toMatch(base)
        const client = new pg.Client(server.connectionString)
        await client.connect()
        expect((await client.query('SELECT 1 + 1 AS sum')).rows).toEqual([{ sum: 2 }])
        await client.end()
        await server.stop()
        expect(readdirSync(base)).toEqual([])
        expect(readdirSync(below)).toEqual(['native'])
      },
    )

    it('is copied with all that it needs, and without what only linkers need', () => {
      const copy = copyBinaries(native!, mkdtempSync(join(base, 'copy-')))
      expect(existsSync(join(copy, 'lib', 'libpq.a'))).toBe(false)
      rmSync(join(copy, '..'), { recursive: true })
    })

    const data = (): string => join(folder, 'outlives')
    it.each(['SIGKILL', 'SIGKILL of its group', 'SIGHUP', 'SIGTERM', 'SIGINT', 'exit', 'throw'])(
      'ends with the process that started it: %s',
      async (how) => {
        const child = fork('test/examples/outlives.ts', [data()], {
          execArgv: ['--no-warnings'],
          detached: true,
          stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        })
        const [place] = (await Promise.race([
          once(child, 'message'),
          once(child, 'exit').then(([code]) => Promise.reject(new Error(`it ended with ${code}`))),
        ])) as [string]
        const pid = pidOf(data())
        const segment = isLinux ? segmentOf(data()) : ''
        if (how === 'SIGKILL of its group') process.kill(-child.pid!, 'SIGKILL')
        else if (how.startsWith('SIG')) child.kill(how as NodeJS.Signals)
        else child.send(how)
        await until(() => !existsSync(place))
        expect(isAlive(pid)).toBe(false)
        if (isLinux) expect(segments()).not.toMatch(new RegExp(`\\b${segment}\\b`))
      },
    )

    it.runIf(isLinux)(
      'that is stopped by a signal and does not answer is killed, and leaves no shared memory',
      async () => {
        const server = await startPostgres({ graces: [300, 300, 5_000] })
        const data = join(server.folder, 'data')
        const [pid, segment] = [pidOf(data), segmentOf(data)]
        expect(segments()).toMatch(new RegExp(`\\b${segment}\\b`))
        process.kill(pid, 'SIGSTOP')
        await server.stop()
        expect(isAlive(pid)).toBe(false)
        expect(segments()).not.toMatch(new RegExp(`\\b${segment}\\b`))
        expect(existsSync(server.folder)).toBe(false)
      },
    )

    it('ends with its keeper, if that is told to end', async () => {
      const place = mkdtempSync(join(base, 'kept-'))
      const kept = keep({ folder: place, data: place, user: null, keeps: false, graces: [] })
      await kept.run(
        [process.execPath, '-e', 'console.log("pid", process.pid); setInterval(() => {}, 1000)'],
        'pid',
        30_000,
      )
      process.kill(kept.pid!, 'SIGTERM')
      await until(() => !existsSync(place))
      await expect(kept.run(['true'], null, 1_000)).rejects.toThrow(/lost its keeper|cannot/)
    })

    it('comes back after a crash', async () => {
      const server = await startPostgres()
      await server.crash()
      await server.start()
      const client = new pg.Client(server.connectionString)
      await expect(client.connect()).resolves.toBeDefined()
      await client.end()
      await server.stop()
    })
  },
)
