import { PgBoss } from 'pg-boss'
import { keyOf } from '../manager/contender.ts'
import type { Alarm, Open } from './queue.ts'

const QUEUE = 'wake'

/**
 * Taken and completed 500 at a time by four workers, at its shortest poll, and without a pause while there is more. One job a key waits in its
 * queue (`short`); `upsert` replaces it.
 */
export const open: Open = async ({ connectionString, schema }, { handle, delivers }) => {
  const boss = new PgBoss({ connectionString, schema, max: 10, schedule: false })
  boss.on('error', console.error)
  await boss.start()
  await boss.createQueue(QUEUE, { policy: 'short' })
  if (delivers) {
    const options = {
      batchSize: 500,
      localConcurrency: 4,
      pollingIntervalSeconds: 0.5,
      burstWhenBatchFull: true,
    }
    await boss.work<{ actor: number }>(QUEUE, options, async (jobs) => {
      for (const { data } of jobs) handle(data.actor)
    })
  }
  const specOf = ({ actor, time }: Alarm) => ({ singletonKey: keyOf(actor), startAfter: new Date(time) })
  return {
    one: (alarm) => boss.upsert(QUEUE, { actor: alarm.actor }, specOf(alarm)),
    many: (alarms) =>
      boss.insert(
        QUEUE,
        alarms.map((alarm) => ({ data: { actor: alarm.actor }, ...specOf(alarm) })),
      ),
    close: () => boss.stop(),
  }
}
