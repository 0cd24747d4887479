import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Run } from './open-run.ts'

const PATIENCE = 8_000 // ms, for what is on its way out when it has ended

/** Runs a command to its end; what is wrong with how it ended or what it has left, or `null`. */
export async function runStep(
  name: string,
  start: () => ChildProcess,
  run: Run,
  limit: number,
  patience = PATIENCE,
): Promise<string | null> {
  const child = start()
  let isOver = false
  const clock = setTimeout(() => {
    isOver = true
    child.kill('SIGKILL')
    run.kill()
  }, limit)
  try {
    const [code, signal] = await once(child, 'exit')
    if (isOver) return `${name} has not ended within ${limit} ms. It printed last what is above.`
    if (code !== 0) return `${name} ended with ${signal ?? code}.`
  } catch (error) {
    return `${name} could not be started: ${(error as Error).message}`
  } finally {
    clearTimeout(clock)
  }
  const left = await run.leftovers(patience)
  return left.length === 0 ? null : `${name} has left ${left.length} things behind:\n${left.join('\n')}`
}
