// A process for one contender and one phase: its memory is that contender's. It leads a group of its own, with its servers in it.
import { flushCompileCache } from 'node:module'
import { type ContenderId, contenders, type Entry } from './contenders.ts'
import { fill, fire, type Plan, tellAndFire } from './measure.ts'

const [id, phase, plan] = process.argv.slice(2) as [ContenderId, 'fill' | 'fire', string]
const entry: Entry = contenders[id]
const run = phase === 'fill' ? fill : entry.forgets ? tellAndFire : fire

process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'))
try {
  process.send!({ result: await run(await entry.load(), JSON.parse(plan) as Plan) })
} catch (error) {
  process.send!({ failure: error instanceof Error ? error.message : String(error) })
}
flushCompileCache()
process.disconnect!()
