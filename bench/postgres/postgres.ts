import { rmSync } from 'node:fs'
import { loadavg } from 'node:os'
import { servePostgres } from '../manager/serve-postgres.ts'
import { makeScratch } from '../scratch.ts'
import { digits } from '../table.ts'
import { aims } from './aims.ts'
import { type ContenderId, contenders, ids } from './contenders.ts'
import type { Result, Results, Round } from './figures.ts'
import { makeDatabases } from './partitions.ts'
import { withClient } from './places.ts'
import { print } from './print.ts'
import { measureRound } from './rounds.ts'
import { quick, type Sizes, whole } from './sizes.ts'

/** nolater beside graphile-worker and pg-boss, on one server, in turns. */
export async function postgres(
  isQuick: boolean,
): Promise<{ sizes: Sizes; load: number[]; results: Result[] }> {
  const sizes = isQuick ? quick : whole
  const root = makeScratch('postgres')
  const { connectionString, close } = await servePostgres(root)
  const load: number[] = []
  const rounds: Record<ContenderId, Round>[] = []
  const failures = Object.fromEntries(ids.map((id) => [id, []])) as unknown as Record<ContenderId, string[]>
  try {
    const databases = await makeDatabases(connectionString)
    await withClient(connectionString, async (client) => {
      for (let nth = 0; nth < sizes.rounds; nth++) {
        load.push(loadavg()[0]!)
        const server = { connectionString, client, databases }
        rounds.push(await measureRound(nth, sizes, server, (id, why) => failures[id].push(why)))
      }
    })
  } finally {
    await close()
    rmSync(root, { recursive: true, force: true, maxRetries: 5 })
  }
  load.push(loadavg()[0]!)
  const resultOf = (id: ContenderId): Result => ({
    name: contenders[id].name,
    rounds: rounds.map((round) => round[id]),
    failures: failures[id],
  })
  const results = Object.fromEntries(ids.map((id) => [id, resultOf(id)])) as unknown as Results
  console.log(`\nload ${digits(Math.min(...load))} to ${digits(Math.max(...load))}\n`)
  console.log(`${print(results, sizes)}\n\n${aims(results, sizes)}`)
  return { sizes, load, results: Object.values(results) }
}
