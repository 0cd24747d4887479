import { spawn } from 'node:child_process'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openRun } from './open-run.ts'
import { runStep } from './run-step.ts'

const LONG = 60_000

/** How a step that runs this text ends. */
async function step(text: string, limit = LONG, program = process.execPath): Promise<string | null> {
  const run = openRun()
  onTestFinished(run.close)
  const start = () => spawn(program, ['-e', text], { stdio: 'ignore', env: { ...process.env, ...run.env } })
  const fault = await runStep('the step', start, run, limit, 0)
  if (fault?.includes(' left ')) return fault
  const unseen = await run.leftovers(5_000)
  run.kill()
  return unseen.length > 0 ? `unseen: ${unseen}` : fault
}

describe('a step of npm test', () => {
  it('passes when it ends with success and leaves nothing', async () => {
    expect(await step('')).toBeNull()
  })

  it('fails by its code', async () => {
    expect(await step('process.exit(3)')).toBe('the step ended with 3.')
  })

  it('that cannot be started says why', async () => {
    expect(await step('', LONG, '/nowhere/node')).toBe(
      'the step could not be started: spawn /nowhere/node ENOENT',
    )
  })

  it('that does not end is ended, and so is what it has started', async () => {
    const endless = 'setInterval(() => {}, 1000)'
    const parent = `require('child_process').spawn(process.execPath, ['-e', '${endless}'], { detached: true }); ${endless}`
    expect(await step(parent, 1_500)).toMatch(/^the step has not ended within 1500 ms/)
  })

  it('that leaves a file fails with its name', async () => {
    const leave = "require('fs').mkdirSync(require('os').tmpdir() + '/left-behind')"
    expect(await step(leave)).toMatch(/^the step has left 1 things behind:\n.*left-behind$/)
  })
})
