import { timersOf } from '../../../src/durable-object/index.ts'
import { Recording } from './recording.mjs'

/** An object that is asked to do what the tests want to see of the platform. */
export class Probe extends Recording {
  timers = timersOf(this.ctx.storage)
  wakes = 0

  set(...args) {
    this.timers.set(...args)
    return this.ctx.storage.getAlarm()
  }

  setAll(sets) {
    for (const args of sets) this.timers.set(...args)
  }

  every(...args) {
    this.timers.every(...args)
  }

  wakeups() {
    return this.wakes
  }

  async setAndThrow(name, time) {
    const { storage } = this.ctx
    try {
      storage.transactionSync(() => {
        this.timers.set(name, time)
        throw new Error('on purpose')
      })
    } catch {}
    return { alarm: await storage.getAlarm(), names: this.timers.list().map(({ name }) => name) }
  }

  async deleteAll() {
    await this.ctx.storage.deleteAll()
    this.ctx.storage.sql.exec('CREATE TABLE fired (name TEXT, time INTEGER, at INTEGER)')
    return this.timers.list()
  }

  async loseAlarm() {
    await this.ctx.storage.deleteAlarm()
  }

  standing() {
    return this.timers.list()
  }

  alarm(info) {
    this.wakes++
    return this.timers.deliver(info, ({ name, payload, scheduledTime, id }) => {
      this.record(`${name} ${JSON.stringify(payload) ?? ''}`.trim(), scheduledTime)
      if (payload?.again === id) this.timers.set(name, scheduledTime, { payload: {} })
      if (payload?.fails) throw new Error('on purpose')
    })
  }
}
