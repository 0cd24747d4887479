// A process for one rival and one scenario, so that no rival runs on code that another has shaped. One line in, one sample out.
import { loadRival, type RivalId } from '../rivals/index.ts'
import { type ScenarioId, scenarios } from './scenarios.ts'

const [rivalId, scenarioId] = process.argv.slice(2) as [RivalId, ScenarioId]
const rival = await loadRival(rivalId)

process.on('message', async (intents: number) => {
  process.send!(await scenarios[scenarioId].run(rival, intents))
})
process.send!('ready')
