import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { until } from '../../postgres/rig.ts'
import { newFile } from '../files.ts'

const example = 'examples/fleet-on-sqlite.ts'

async function freePort(): Promise<number> {
  const listening = createServer().listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as { port: number }
  listening.close()
  return port
}

it('is the programme of the example on PostgreSQL, with another opening', () => {
  const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n').filter(Boolean)
  const [here, there] = [linesOf(example), linesOf('examples/fleet-on-postgres.ts')]
  const opening = here.indexOf('  operations: {')
  expect(here).toHaveLength(27)
  expect(opening).toBe(9)
  expect(here.slice(opening).filter((line) => !there.includes(line))).toEqual([])
})

it('loses nothing when it is killed, and ends when it is asked to', { timeout: 120_000 }, async () => {
  const FILE = newFile()
  const printed: string[] = []
  const errors: string[] = []
  const children: ChildProcess[] = []
  onTestFinished(() => children.forEach((child) => void child.kill('SIGKILL')))

  async function start(): Promise<{ child: ChildProcess; ask(path: string): Promise<string> }> {
    const PORT = String(await freePort())
    const args = ['--no-warnings', '--import', './test/run-sources.mjs', example]
    const child = spawn(process.execPath, args, { env: { ...process.env, FILE, PORT } })
    children.push(child)
    child.stdout.on('data', (data) => printed.push(...String(data).trim().split('\n')))
    child.stderr.on('data', (data) => errors.push(String(data)))
    const ask = (path: string): Promise<string> =>
      fetch(`http://127.0.0.1:${PORT}/${path}`, { signal: AbortSignal.timeout(20_000) }).then(
        (response) => response.text(),
        () => 'no answer',
      )
    await until(
      () => ask(`starts ${PORT}/now/0`),
      (text) => text === 'It is durable.\n',
    )
    return { child, ask }
  }
  const has = (line: string): Promise<unknown> => until(() => printed.some((each) => each.endsWith(line)))

  const one = await start()
  expect(await one.ask('ann/tea/10')).toBe('It is durable.\n')
  await has(': ann, tea')
  expect(await one.ask('ben/tea/2000')).toBe('It is durable.\n')
  const killed = once(one.child, 'exit')
  one.child.kill('SIGKILL')
  await killed
  const two = await start()
  await has(': ben, tea')
  expect(await two.ask('carl/tea/3600000')).toBe('It is durable.\n')
  const ended = once(two.child, 'exit')
  two.child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
  expect(errors.join('')).toBe('')
})
