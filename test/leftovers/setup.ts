import { openRun } from './open-run.ts'

const LONGEST = 45 * 60_000 // ms
const PATIENCE = 8_000 // ms, for what is on its way out when the last test has ended

/** Before all tests, and after them: nothing that they started or wrote may be left, and they must end. */
export default function setup(): () => Promise<void> {
  const run = openRun()
  const before = Object.fromEntries(Object.keys(run.env).map((name) => [name, process.env[name]]))
  Object.assign(process.env, run.env)
  const limit = setTimeout(() => {
    console.error(
      `The tests have not ended within ${LONGEST / 60_000} minutes. What was printed last says how far they came.`,
    )
    run.kill()
    process.exit(1)
  }, LONGEST).unref()
  if (process.listenerCount('SIGHUP') === 0) process.once('SIGHUP', () => process.exit(129))

  return async () => {
    clearTimeout(limit)
    const left = await run.leftovers(PATIENCE)
    run.kill()
    await run.close()
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    if (left.length > 0)
      throw new Error(`The tests have left ${left.length} things behind:\n${left.join('\n')}`)
  }
}
