import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { awaitProcess } from '../../examples/processes/await-process.ts'
import { until } from '../postgres/rig.ts'
import { runNode } from '../run-node.ts'

const never = new Promise<never>(() => {})

function run(text: string, program = process.execPath) {
  const child = spawn(program, ['-e', text])
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}
const failureOf = (awaited: Promise<unknown>): Promise<string> =>
  awaited.then(
    () => 'it came',
    ({ message }: Error) => message,
  )

describe('awaitProcess', () => {
  it('gives what was awaited, also when that is the last thing that the process does', async () => {
    const child = run('console.log("a"); process.exitCode = 3')
    expect(String((await awaitProcess(child, 'a letter', once(child.stdout, 'data')))[0])).toBe('a\n')
    const other = run('process.exitCode = 3')
    expect(await awaitProcess(other, 'its end', once(other, 'close'))).toEqual([3, null])
  })

  it('ends a process that does not come to it, and says what was awaited and what it printed last', async () => {
    const child = run('console.log("one"); console.error("two"); setInterval(() => {}, 1000)')
    const gone = once(child, 'exit')
    expect(await failureOf(awaitProcess(child, 'a word', never, 1_500))).toMatch(
      /Awaited of -e .*: a word\. It has not come to it within 1500 ms\. It printed last: one\s+two/,
    )
    expect(await gone).toEqual([null, 'SIGKILL'])
  })

  it('does not wait for one that has ended, before or meanwhile', async () => {
    const child = run('console.error("no room"); process.exitCode = 7')
    expect(await failureOf(awaitProcess(child, 'a word', never))).toMatch(/It ended with 7.*no room/)
    expect(await failureOf(awaitProcess(child, 'a word', never))).toMatch(/It has ended with 7/)
  })

  it('says of one that cannot be started why', async () => {
    const child = run('', '/nowhere/node')
    expect(await failureOf(awaitProcess(child, 'a word', never))).toMatch(
      /It failed: spawn \/nowhere\/node ENOENT/,
    )
  })
})

describe('runNode', () => {
  it('gives what was printed', () => {
    expect(runNode(['-e', 'console.log(1 + 1)'])).toBe('2\n')
  })

  it('ends what does not end, with its last words in the error', () => {
    const endless = 'console.log("one"); setInterval(() => {}, 1000)'
    expect(() => runNode(['-e', endless], { limit: 1_500 })).toThrow(
      /has not ended within 1500 ms\. It printed last: one/,
    )
  })

  it('throws for an exit code, with what was printed', () => {
    expect(() => runNode(['-e', 'console.error("why"); process.exit(4)'])).toThrow(
      /ended with 4\. It printed last: why/,
    )
  })
})

describe('scratchFolder', () => {
  it.each(['SIGHUP', 'SIGINT', 'SIGTERM', 'exit', 'throw', 'end'])('is removed by %s', async (how) => {
    const child = fork('test/examples/has-scratch.ts', [how], {
      execArgv: ['--no-warnings'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const gone = once(child, 'exit')
    const [folder] = (await awaitProcess(child, 'its folder', once(child, 'message'))) as [string]
    expect(existsSync(folder)).toBe(true)
    if (how.startsWith('SIG')) child.kill(how as NodeJS.Signals)
    else child.send('go on')
    const [code] = await awaitProcess(child, 'its end', gone)
    expect(code).toBe({ SIGHUP: 129, SIGINT: 130, SIGTERM: 143, exit: 3, throw: 1, end: 0 }[how])
    await until(() => !existsSync(folder))
  })
})
