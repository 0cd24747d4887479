import { DurableObject } from 'cloudflare:workers'

export class Actor extends DurableObject {
  /** Sets the alarm to each time, each durable before the next; returns what is set in the end. */
  async set(times) {
    const { storage } = this.ctx
    for (const time of times) {
      await storage.setAlarm(time)
      await storage.sync()
    }
    return storage.getAlarm()
  }

  alarm() {}
}

export default {
  async fetch(request, { ACTORS }) {
    const { actors, times } = await request.json()
    const all = Array.from({ length: actors }, (_, i) => ACTORS.get(ACTORS.idFromName(`actor-${i}`)))
    return Response.json(await Promise.all(all.map((actor) => actor.set(times))))
  },
}
