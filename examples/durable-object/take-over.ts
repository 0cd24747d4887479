/** Takes over what the agents SDK has scheduled in this object: in its constructor, once, in one commit. */
import type { ObjectStorage, ObjectTimers } from 'nolater/durable-object'

interface Call {
  readonly callback: string
  readonly payload: unknown
}

interface Schedule {
  readonly id: string
  readonly callback: string
  readonly payload: string
  readonly type: 'scheduled' | 'delayed' | 'cron' | 'interval'
  readonly time: number // in seconds
  readonly cron: string | null
  readonly intervalSeconds: number | null
}

export function takeOver(storage: ObjectStorage, timers: ObjectTimers): void {
  storage.transactionSync(() => {
    for (const row of Array.from(storage.sql.exec('SELECT * FROM cf_agents_schedules'))) {
      const { id, callback, payload, type, time, cron, intervalSeconds } = row as unknown as Schedule
      const call: Call = { callback, payload: JSON.parse(payload) }
      if (type === 'cron') timers.every(id, { cron: cron as string, payload: call })
      else if (type === 'interval') {
        timers.every(id, { interval: (intervalSeconds as number) * 1_000, payload: call })
      } else timers.set(id, time * 1_000, { payload: call })
    }
    storage.sql.exec('DELETE FROM cf_agents_schedules')
  })
}
