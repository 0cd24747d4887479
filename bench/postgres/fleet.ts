import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { EMPTY, filter, firstValueFrom } from 'rxjs'
import { actorOf, keyOf } from '../manager/contender.ts'
import { type FleetHandler, fleetHandler, forwardOverHttp, postgresFleet } from '../nolater-postgres.ts'
import type { Open } from './queue.ts'

const SHARDS = 1_024

/**
 * As it comes: 10 connections, 100 handlers at a time. An alarm is set by a change where its actor is owned, which other processes ask for by
 * HTTP; many at once, by actors that are owned here.
 */
export const open: Open = async ({ connectionString, schema }, { handle, processes, lease }) => {
  let answer: FleetHandler
  const server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const fleet = await postgresFleet({
    connectionString,
    schema,
    shards: SHARDS,
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forward: forwardOverHttp(),
    operations: { set: (_, alarm, time: number) => alarm.set(time) },
    handler: ({ key }) => handle(actorOf(key)) ?? EMPTY,
    ...(lease !== undefined && { ownerLease: lease }),
  })
  answer = fleetHandler(fleet, { authorize: () => true })
  await firstValueFrom(fleet.owned$.pipe(filter(({ size }) => size === SHARDS / processes)))
  return {
    one: ({ actor, time }) => fleet.call(keyOf(actor), 'set', time),
    async many(alarms) {
      for (const { actor, time } of alarms) fleet.actor(keyOf(actor)).set(time)
      return fleet.drained()
    },
    async close() {
      await fleet.close()
      server.closeAllConnections()
      server.close()
    },
  }
}
