import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { awaitProcess } from '../../examples/processes/await-process.ts'
import { until } from '../postgres/rig.ts'
import { openRun, type Run } from './open-run.ts'

const isLinux = process.platform === 'linux'

function start(): Run & { root: string } {
  const run = openRun()
  onTestFinished(run.close)
  return { ...run, root: run.env.TMPDIR! }
}

describe('a run of the tests', () => {
  it('finds nothing where nothing is left, and nothing that another has left', async () => {
    const [one, other] = [start(), start()]
    mkdirSync(join(other.root, 'of the other'))
    expect(await one.leftovers(0)).toEqual([])
  })

  it('finds a folder, waits for one that is on its way out, and removes it in the end', async () => {
    const { root, leftovers, close } = start()
    mkdirSync(join(root, 'left'))
    expect(await leftovers(0)).toEqual([join(root, 'left')])
    setTimeout(() => rmSync(join(root, 'left'), { recursive: true }), 50)
    expect(await leftovers(20_000)).toEqual([])
    mkdirSync(join(root, 'again'))
    await close()
    expect(existsSync(root)).toBe(false)
  })

  it.runIf(existsSync('/dev/shm'))('finds what has its number elsewhere', async () => {
    const { env, leftovers } = start()
    const path = mkdtempSync(`/dev/shm/nolater-fleet-${env.NOLATER_RUN}-`)
    onTestFinished(() => rmSync(path, { recursive: true }))
    expect(await leftovers(0)).toEqual([path])
  })

  it.runIf(isLinux)('finds a process, names it, and kills it', async () => {
    const { env, leftovers, kill } = start()
    const child = spawn('sleep', ['777'], {
      env: { ...process.env, ...env },
      stdio: 'ignore',
      detached: true,
    })
    const gone = once(child, 'exit')
    await once(child, 'spawn')
    expect(await leftovers(0)).toEqual([`process ${child.pid}: sleep 777 `])
    kill()
    expect(await gone).toEqual([null, 'SIGKILL'])
  })

  it('removes its folder though it is killed', async () => {
    const child = fork('test/leftovers/open-and-stay.ts', { execArgv: ['--no-warnings'] })
    const [root] = (await awaitProcess(child, 'the name of its folder', once(child, 'message'))) as [string]
    expect(existsSync(root)).toBe(true)
    child.kill('SIGKILL')
    await until(() => !existsSync(root))
    expect(existsSync(root)).toBe(false)
  })
})

describe('Vitest, with the configuration of this project', { timeout: 60_000 }, () => {
  /** Runs it on one test file; its exit code and what it prints. */
  async function vitest(text: string, env: Record<string, string> = {}): Promise<[number, string]> {
    const folder = mkdtempSync(join(tmpdir(), 'nolater-vitest-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(folder, 'mine.test.ts'), `import { expect, it } from 'vitest'\n${text}`)
    const [setup, limit] = ['setup', 'loading-limit'].map((name) => resolve(`test/leftovers/${name}.ts`))
    writeFileSync(
      join(folder, 'vitest.config.ts'),
      `export default { test: { globalSetup: ${JSON.stringify(setup)}, setupFiles: ${JSON.stringify(limit)} } }`,
    )
    const { VITEST: _, ...rest } = process.env
    const child = spawn(process.execPath, [resolve('node_modules/vitest/vitest.mjs'), 'run'], {
      cwd: folder,
      env: { ...rest, ...env },
    })
    let printed = ''
    for (const output of [child.stdout, child.stderr]) output.on('data', (data) => (printed += data))
    const [code] = await awaitProcess(child, 'its end', once(child, 'close'), 50_000)
    return [code, printed]
  }

  it('passes where nothing is left', async () => {
    expect(await vitest(`it('passes', () => expect(1).toBe(1))`)).toEqual([
      0,
      expect.stringContaining('1 passed'),
    ])
  })

  it('fails for what is left, with its name', async () => {
    const [code, printed] = await vitest(`
      import { mkdirSync } from 'node:fs'
      import { tmpdir } from 'node:os'
      it('leaves a folder', () => expect(mkdirSync(tmpdir() + '/left-behind')).toBe(undefined))`)
    expect(printed).toMatch(/left 1 things behind:\n.*left-behind/)
    expect(code).not.toBe(0)
  })

  it('ends, and fails, though a file waits for ever at its top level', async () => {
    const [code, printed] = await vitest(
      `await new Promise(() => {})\nit('is never known', () => expect(1).toBe(1))`,
      { NOLATER_LOADING_LIMIT: '1000' },
    )
    expect(printed).toMatch(/mine\.test\.ts was still being loaded after 1000 ms/)
    expect(code).not.toBe(0)
  })
})
