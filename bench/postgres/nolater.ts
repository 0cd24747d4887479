import { EMPTY, lastValueFrom } from 'rxjs'
import { actorOf, keyOf } from '../manager/contender.ts'
import { postgresManager } from '../nolater-postgres.ts'
import type { Alarm, Open } from './queue.ts'

/** As it comes: 10 connections, 100 handlers at a time, a poll each second. */
export const open: Open = async ({ connectionString, schema }, { handle, delivers, lease }) => {
  const manager = postgresManager({ connectionString, schema, ...(lease !== undefined && { lease }) })
  await manager.ready()
  let fence = 0
  const writeOf = ({ actor, time }: Alarm) => {
    const key = keyOf(actor)
    return { key, time, info: { key, move: 'earlier', fence: ++fence, attempt: 1 } as const }
  }
  const deliveries = delivers
    ? manager.deliveries(({ key }) => handle(actorOf(key)) ?? EMPTY).subscribe()
    : undefined
  return {
    one(alarm) {
      const { key, time, info } = writeOf(alarm)
      return lastValueFrom(manager.write(key, time, info), { defaultValue: null })
    },
    many: (alarms) => lastValueFrom(manager.writeMany(alarms.map(writeOf))),
    async close() {
      deliveries?.unsubscribe()
      await manager.close()
    },
  }
}
