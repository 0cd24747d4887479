// A process for one rival, one activity and one number of actors: a heap of its own.
import { loadRival, type RivalId } from '../rivals/index.ts'
import { type Activity, weigh } from './weigh.ts'

const [rivalId, activity, actors] = process.argv.slice(2) as [RivalId, Activity, string]
const rival = await loadRival(rivalId)
await weigh(rival, activity, 1_000) // code and its feedback are compiled, and not weighed
process.send!({ bytes: await weigh(rival, activity, Number(actors)), rss: process.memoryUsage().rss })
