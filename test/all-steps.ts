// npm test: everything that must pass, in this order. Each step ends within its limit, and leaves neither files nor processes behind.
import { spawn } from 'node:child_process'
import { endBySignals } from '../examples/processes/scratch-folder.ts'
import { openRun } from './leftovers/open-run.ts'
import { runStep } from './leftovers/run-step.ts'

const MINUTE = 60_000
const steps = {
  lint: 10 * MINUTE,
  types: 15 * MINUTE,
  unused: 5 * MINUTE,
  unit: 60 * MINUTE,
  build: 15 * MINUTE,
  'check-build': 30 * MINUTE,
  budgets: 15 * MINUTE,
}

const run = openRun()
process.on('exit', run.kill)
endBySignals()

/** npm as it was called, on the Node that runs it: a script's own may be another. */
const { npm_node_execpath: node, npm_execpath: npm } = process.env
const npmRun = (name: string) => {
  const [command, ...args] = node && npm ? [node, npm, 'run', name] : ['npm', 'run', name]
  return spawn(command!, args, { stdio: 'inherit', env: { ...process.env, ...run.env } })
}

for (const [name, limit] of Object.entries(steps)) {
  const fault = await runStep(`npm run ${name}`, () => npmRun(name), run, limit)
  if (fault === null) continue
  console.error(`\n${fault}`)
  process.exitCode = 1
  break
}
run.kill()
await run.close()
