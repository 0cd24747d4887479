import { killObjects, ways } from './campaign.ts'

// Kills Durable Objects in workerd while they set timers and handle them: `npm run kills:durable-object -- [kills] [seed]`.
const [kills = '500', seed = '1'] = process.argv.slice(2)
const outcomes = await killObjects(Number(kills), Number(seed), ways)
for (const way of ways) console.log(way, JSON.stringify(outcomes[way]))
const { answered, lost, stuck, late, early } = outcomes.timers
process.exitCode = lost + stuck + late + early === 0 && answered > Number(kills) ? 0 : 1
