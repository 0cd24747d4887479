import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { describe, it } from 'vitest'
import { until } from '../rig.ts'
import { serverOfFile } from '../server.ts'

const server = serverOfFile()
const example = 'examples/fleet-on-postgres.ts'

async function freePort(): Promise<number> {
  const listening = createServer().listen(0, '127.0.0.1')
  await once(listening, 'listening')
  const { port } = listening.address() as { port: number }
  listening.close()
  return port
}

describe.skipIf(typeof server === 'string')('the example of a fleet on two processes', () => {
  it('is 30 lines, and loses nothing when either of them is killed', { timeout: 120_000 }, async ({
    expect,
    onTestFinished,
  }) => {
    if (typeof server === 'string') throw new Error(server)
    const { connectionString: DATABASE_URL } = server
    expect(readFileSync(example, 'utf8').split('\n').filter(Boolean)).toHaveLength(30)
    const printed: string[] = []
    const errors: string[] = []
    const children: ChildProcess[] = []
    onTestFinished(() => children.forEach((child) => void child.kill('SIGKILL')))

    async function start(): Promise<{ child: ChildProcess; ask(path: string): Promise<string> }> {
      const port = await freePort()
      const child = spawn(process.execPath, ['--import', './test/run-sources.mjs', example], {
        env: { ...process.env, DATABASE_URL, PORT: String(port) },
      })
      children.push(child)
      child.stdout?.on('data', (data) => printed.push(...String(data).trim().split('\n')))
      child.stderr?.on('data', (data) => errors.push(String(data)))
      const ask = (path: string): Promise<string> =>
        fetch(`http://127.0.0.1:${port}/${path}`, { signal: AbortSignal.timeout(5_000) }).then(
          (response) => response.text(),
          () => 'no answer',
        )
      await until(
        () => ask(`starts ${port}/now/0`),
        (text) => text === 'It is durable.\n',
      )
      return { child, ask }
    }

    const people = (prefix: string): string[] => Array.from({ length: 8 }, (_, i) => `${prefix}${i}`)
    const have = (prefix: string): Promise<unknown> =>
      until(
        () =>
          people(prefix).filter((person) => printed.some((line) => line.includes(` ${person}, tea`))).length,
        (count) => count === 8,
      )
    const [one, two] = [await start(), await start()]
    for (const [i, person] of people('a').entries())
      expect(await (i % 2 === 0 ? one : two).ask(`${person}/tea/300`)).toBe('It is durable.\n')
    await have('a')
    let more = 0
    await until(
      async () => {
        await one.ask(`more ${more++}/tea/0`)
        return new Set(printed.map((line) => line.split(':')[0])).size
      },
      (processes) => processes === 2, // each has a share by then
    )

    for (const person of people('b')) expect(await two.ask(`${person}/tea/2000`)).toBe('It is durable.\n')
    one.child.kill('SIGKILL')
    await have('b')
    const three = await start()
    for (const person of people('c')) expect(await three.ask(`${person}/tea/1000`)).toBe('It is durable.\n')
    const exit = once(two.child, 'exit')
    two.child.kill('SIGTERM')
    await have('c')
    expect(await exit).toEqual([0, null])
    expect(errors.join('')).toBe('')
  })
})
