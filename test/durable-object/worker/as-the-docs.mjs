import { Recording } from './recording.mjs'

/** As the platform's documentation has several events on one alarm. */
export class AsTheDocs extends Recording {
  async set(name, time) {
    const { storage } = this.ctx
    await storage.put(`event:${name}`, { name, time })
    const alarm = await storage.getAlarm()
    if (alarm === null || time < alarm) await storage.setAlarm(time)
  }

  async standing() {
    return Array.from((await this.ctx.storage.list({ prefix: 'event:' })).values())
  }

  async alarm() {
    const { storage } = this.ctx
    const now = Date.now()
    let next = null
    for (const [key, { name, time }] of await storage.list({ prefix: 'event:' })) {
      if (time <= now) {
        await this.handle(name, time)
        await storage.delete(key)
      } else if (next === null || time < next) next = time
    }
    if (next !== null) await storage.setAlarm(next)
  }
}
