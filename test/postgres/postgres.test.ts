import { postgresManager } from 'nolater/postgres'
import { describeManager } from 'nolater/vitest'
import { asyncScheduler, type SchedulerLike } from 'rxjs'
import { describe, it, vi } from 'vitest'
import { describeDocuments } from './documents.ts'
import { describeCrashes, describeFailures } from './failures.ts'
import { describeForgetting } from './forgetting.ts'
import { describeHangs } from './hangs.ts'
import { describeLedger } from './ledger.ts'
import { describeOperating } from './operating.ts'
import { describePlans } from './plans.ts'
import { describePromises } from './promises.ts'
import { quoted } from './rig.ts'
import { serverOfFile } from './server.ts'
import { describeStores } from './stores.ts'
import { describeTimers } from './timers.ts'

// One server for all of them, and a schema for each: what they wait for is mostly time, and they wait together.
vi.setConfig({ maxConcurrency: 12 })
const server = serverOfFile()
// What is put into the database must be whole, whatever the clock counts in. Not `performance.timeOrigin`: it is read in two steps, and a machine
// that is busy in between leaves it tens of ms behind the database's clock.
const inFractions: SchedulerLike = {
  now: () => Date.now() + 0.5,
  schedule: asyncScheduler.schedule.bind(asyncScheduler),
}

if (typeof server === 'string') {
  describe('nolater/postgres', () => {
    it.skip(server, () => {})
  })
} else {
  describe.concurrent('on a real server', () =>
    describeManager(
      'postgresManager',
      async ({ lease }) => {
        const options = {
          connectionString: server.connectionString,
          schema: server.newSchema(),
          lease,
          scheduler: inFractions,
        }
        const managers: ReturnType<typeof postgresManager>[] = []
        const another = async () => {
          const manager = postgresManager(options)
          managers.push(manager)
          await manager.ready()
          return manager
        }
        const manager = await another()
        const clock = 'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now'
        return {
          manager,
          now: async () => (await server.query<{ now: number }>(clock))[0]!.now,
          another,
          async reopen() {
            await manager.close()
            return another()
          },
          async cleanup() {
            await Promise.all(managers.map((each) => each.close()))
            await server.query(`DROP SCHEMA IF EXISTS ${quoted(options.schema)} CASCADE`)
          },
        }
      },
      { time: 'real', unit: 800, late: 10_000 },
    ))

  describeLedger(server)
  describeOperating(server)
  describePlans(server)
  describePromises(server)
  describeFailures(server)
  describeStores(server)
  describeTimers(server)
  describeForgetting(server)
  describeHangs(server)
  describeDocuments(server)
  describeCrashes(server)
}
