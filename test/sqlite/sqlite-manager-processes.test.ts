import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { awaitProcess } from '../../examples/processes/await-process.ts'
import { settled } from '../manager-contract.ts'
import { newFile, newManager } from './files.ts'

const program = fileURLToPath(new URL('./competing-process.ts', import.meta.url))
let children: ChildProcess[] = []

afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  children = []
})

/** Starts a process, and resolves when it delivers. `lines` grows with what it prints. */
function start(file: string, lease: number, handling: number, onLine: () => void, held = '') {
  const args = ['--no-warnings', program, file, `${lease}`, `${handling}`, held]
  const child = spawn(process.execPath, args)
  children.push(child)
  const lines: string[] = []
  const ready = new Promise<{ child: ChildProcess; lines: string[] }>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'ready') return resolve({ child, lines })
      lines.push(line)
      onLine()
    })
  })
  return awaitProcess(child, 'that it delivers', ready, 20_000)
}

/** Resolves when `ready()` holds, looked at whenever a process prints a line. */
function whenPrinted() {
  let look = () => {}
  return {
    onLine: () => look(),
    until: (ready: () => boolean) =>
      new Promise<void>((resolve) => {
        look = () => ready() && resolve()
        look()
      }),
  }
}

describe('processes that share a file', () => {
  it('share its alarms: each is delivered once, by one of them, never early', async () => {
    const file = newFile()
    const manager = newManager({ file })
    const { onLine, until } = whenPrinted()
    const two = await Promise.all([1, 2].map(() => start(file, 600_000, 2, onLine, 'held')))
    const keys = Array.from({ length: 300 }, (_, i) => `k${i}`)
    const from = Date.now() + 50
    const written = keys.map((key, i) =>
      settled(manager.write(key, from + 3 * i, { key, move: 'later', fence: 1, attempt: 1 }) as never),
    )
    expect(new Set(await Promise.all(written))).toEqual(new Set(['done']))
    const printed = (word: string) =>
      two.map(({ lines }) => lines.filter((line) => line.startsWith(word)).map((line) => line.split(' ')))
    // Each has as many as it may handle at a time before any of them ends: however slow the machine is, both take some.
    await until(() => printed('start').every((own) => own.length === 5))
    for (const { child } of two) child.stdin!.write('go')
    await until(() => printed('end').flat().length >= keys.length)
    const starts = printed('start')
    expect(
      starts
        .flat()
        .map(([, key]) => key)
        .sort(),
    ).toEqual([...keys].sort())
    expect(starts.flat().filter(([, , early]) => early !== '0')).toEqual([])
    for (const key of keys) expect(manager.get(key)).toBeNull()
  })

  it('take over the alarms of one that is killed, when its leases have ended', async () => {
    const file = newFile()
    const manager = newManager({ file })
    const { onLine, until } = whenPrinted()
    const lease = 600
    const dying = await start(file, lease, 60_000, onLine)
    const keys = ['a', 'b', 'c']
    for (const key of keys) {
      await settled(manager.write(key, 5, { key, move: 'later', fence: 1, attempt: 1 }) as never)
    }
    await until(() => dying.lines.length === 3)
    const leased = Date.now()
    dying.child.kill('SIGKILL')
    const heir = await start(file, 30_000, 0, onLine)
    await until(() => heir.lines.filter((line) => line.startsWith('end')).length === 3)
    expect(heir.lines.filter((line) => line.startsWith('start'))).toEqual(keys.map((key) => `start ${key} 0`))
    expect(Date.now() - leased).toBeGreaterThan(lease - 200)
    for (const key of keys) expect(manager.get(key)).toBeNull()
  })
})
