import { Recording } from './recording.mjs'

/** As the agents SDK keeps its schedules: a row, something awaited, then the alarm. */
export class AsTheSdk extends Recording {
  constructor(ctx, env) {
    super(ctx, env)
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS schedules (name TEXT PRIMARY KEY, time INTEGER)')
  }

  async set(name, time) {
    this.ctx.storage.sql.exec('INSERT OR REPLACE INTO schedules VALUES (?, ?)', name, time)
    await this.scheduleNextAlarm()
  }

  async scheduleNextAlarm() {
    const { storage } = this.ctx
    await this.something()
    const [next] = storage.sql.exec('SELECT time FROM schedules ORDER BY time LIMIT 1').toArray()
    if (next === undefined) await storage.deleteAlarm()
    else await storage.setAlarm(Math.max(next.time, Date.now() + 1))
  }

  /** It looks whether the object is to be destroyed. */
  something() {
    return this.ctx.storage.get('destroy is pending')
  }

  standing() {
    return this.ctx.storage.sql.exec('SELECT * FROM schedules').toArray()
  }

  async alarm() {
    const { sql } = this.ctx.storage
    for (const { name, time } of sql.exec('SELECT * FROM schedules WHERE time <= ?', Date.now()).toArray()) {
      await this.handle(name, time)
      sql.exec('DELETE FROM schedules WHERE name = ?', name)
    }
    await this.scheduleNextAlarm()
  }
}

/** Likewise, where what is awaited is more than the object's own storage: a call of another object, say. */
export class AcrossAnAwait extends AsTheSdk {
  something() {
    return scheduler.wait(1)
  }
}
