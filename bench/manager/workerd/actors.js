import { DurableObject } from 'cloudflare:workers'

const fired = []

export class Actor extends DurableObject {
  async set(actor, time) {
    const { storage } = this.ctx
    storage.kv.put('actor', actor) // in the same commit: an object does not know its name when its alarm wakes it
    await storage.setAlarm(time)
    await storage.sync()
  }

  alarm() {
    const at = Date.now()
    fired.push([this.ctx.storage.kv.get('actor'), at])
  }
}

export default {
  async fetch(request, { ACTORS }) {
    if (new URL(request.url).pathname === '/fired') return Response.json(fired.splice(0))
    const { first, times } = await request.json()
    const actorOf = (i) => ACTORS.get(ACTORS.idFromName(`actor-${i}`))
    await Promise.all(times.map((time, i) => actorOf(first + i).set(first + i, time)))
    return Response.json({})
  },
}
