import { killAcrossTimes } from './campaign.ts'

// Kills an actor across the times of a timer that comes again: `npm run kills:series -- [kills] [seed]`.
const [kills = '500', seed = '1'] = process.argv.slice(2)
const outcome = await killAcrossTimes(Number(kills), Number(seed))
console.log(outcome)
process.exitCode = outcome.twice + outcome.lost === 0 && outcome.effects > outcome.kills ? 0 : 1
