import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { awaitProcess, lastWords } from '../../examples/processes/await-process.ts'

const sources = new URL('../run-sources.mjs', import.meta.url).href
const moduleOf = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`

let folder: string
let files: string
let script: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nolater-fleet-ends-'))
  files = join(folder, 'files')
  mkdirSync(files)
  script = join(folder, 'script.jsonl')
  const lines = [0, 1_000_000].map((at) => ({ at, actor: 'a', set: at + 500 })) // longer than any test
  writeFileSync(script, lines.map((line) => JSON.stringify(line)).join('\n'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function watch(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, args, { env: { ...process.env, TMPDIR: files } })
  onTestFinished(() => void child.kill('SIGKILL'))
  lastWords(child)
  return child
}

const start = (...imports: readonly string[]): ChildProcess =>
  watch([...[sources, ...imports].flatMap((each) => ['--import', each]), 'examples/fleet/main.ts', script])

/** Resolves once a process has printed this. */
function printed(child: ChildProcess, text: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let all = ''
  child.stdout!.on('data', (data) => {
    all += data
    if (all.includes(text)) resolve()
  })
  return awaitProcess(child, text, promise)
}

const endOf = (child: ChildProcess): Promise<unknown[]> =>
  awaitProcess(child, 'its end', once(child, 'close'))

describe('a run of the fleet', () => {
  it.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)(
    'that %s ends says so by its code, and leaves nothing behind',
    async (signal) => {
      const child = start()
      await printed(child, ' late 0 ')
      expect(readdirSync(files)).toHaveLength(1)
      child.kill(signal)
      expect(await endOf(child)).toEqual([128 + constants.signals[signal], null])
      expect(readdirSync(files)).toEqual([])
    },
  )

  it('leaves nothing behind when it is ended while it makes its folder', async () => {
    const child = start(
      moduleOf(`
        import fs from 'node:fs'
        import { syncBuiltinESMExports } from 'node:module'
        fs.fsyncSync = () => process.kill(process.pid, 'SIGHUP')
        syncBuiltinESMExports()
      `),
    )
    expect(await endOf(child)).toEqual([128 + constants.signals.SIGHUP, null])
    expect(readdirSync(files)).toEqual([])
  })

  it('ends without a word when what reads its output has ended', async () => {
    const child = start()
    await printed(child, 'actors')
    let complaint = ''
    child.stderr!.on('data', (data) => (complaint += data))
    child.stdout!.destroy()
    expect(await endOf(child)).toEqual([0, null])
    expect(complaint).toBe('')
    expect(readdirSync(files)).toEqual([])
  })

  it('ends with the shell that npm runs it in', async () => {
    const own = new URL('../../examples/fleet/end-with-parent.ts', import.meta.url).href
    const child = `
      import { writeSync } from 'node:fs'
      import { endWithParent } from '${own}'
      process.on('exit', (code) => writeSync(1, 'ended with ' + code))
      endWithParent()
      setInterval(() => {}, 1_000)
      console.log('started')
    `
    const parent = watch([
      '--input-type=module',
      '-e',
      `import { spawn } from 'node:child_process'
       spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(child)}], { stdio: ['ignore', 'inherit', 'inherit'] })`,
    ])
    await printed(parent, 'started')
    const end = new Promise((resolve) => parent.stdout!.on('data', (data) => resolve(String(data))))
    const closed = once(parent, 'close') // of its output, which the child has, too
    parent.kill('SIGKILL')
    expect(await Promise.race([end, closed])).toBe('ended with 143')
    await closed
  })
})
