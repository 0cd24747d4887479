import { DurableObject } from 'cloudflare:workers'

const log = [] // of this process

/** Does in its alarm what it was told to, and notes each wake-up as the object sees it. */
export class Actor extends DurableObject {
  async ask({ name, act, time, till }) {
    const { storage } = this.ctx
    if (act === 'deleteAll') {
      await storage.deleteAll()
      await storage.sync()
      return { alarm: await storage.getAlarm() }
    }
    if (act !== undefined) storage.kv.put('todo', { name, act, till })
    await storage.setAlarm(time)
    await storage.sync()
    return { alarm: time }
  }

  async alarm(info) {
    const { storage } = this.ctx
    const todo = storage.kv.get('todo')
    log.push({ ...todo, at: Date.now(), info: { ...info } })
    if (todo.act === 'fail') throw new Error('on purpose')
    if (todo.act === 'set again') {
      storage.kv.put('todo', { ...todo, act: 'nothing' })
      await storage.setAlarm(info.scheduledTime + todo.till)
    }
  }
}

export default {
  async fetch(request, { ACTORS }) {
    if (new URL(request.url).pathname === '/log') return Response.json(log)
    const asked = await request.json()
    return Response.json(await ACTORS.get(ACTORS.idFromName(asked.name)).ask(asked))
  },
}
