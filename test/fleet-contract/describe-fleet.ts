import type { ActorFleet } from 'nolater'
import { describe, expect, it } from 'vitest'
import { changes } from './changes.ts'
import { deliveries } from './deliveries.ts'
import { requests } from './requests.ts'
import type { FleetCase, FleetDatabase, FleetRig } from './rig.ts'

const cases: Readonly<Record<string, readonly FleetCase[]>> = {
  'a change': changes,
  'a request': requests,
  'a delivery': deliveries,
}

/** Registers what an `ActorFleet` promises on any database, as tests; each on a database of its own. */
export function describeFleet(name: string, make: () => Promise<FleetDatabase>): void {
  describe(name, { timeout: 60_000 }, () => {
    for (const [about, promises] of Object.entries(cases)) {
      describe(about, () => {
        for (const { name, check } of promises)
          it(name, async () => {
            const database = await make()
            const fleets: ActorFleet[] = []
            const delivered: FleetRig['delivered'] = []
            try {
              await check({
                expect,
                delivered,
                async open(options = {}) {
                  const fleet = await database.open({
                    handler(delivery) {
                      delivered.push(delivery)
                      return []
                    },
                    ...options,
                  })
                  fleets.push(fleet)
                  return fleet
                },
                items: async () => (await database.items()).map(({ actor, name }) => `${actor} ${name}`),
              })
            } finally {
              await Promise.allSettled(fleets.map((fleet) => fleet.close()))
              await database.end()
            }
          })
      })
    }
  })
}
