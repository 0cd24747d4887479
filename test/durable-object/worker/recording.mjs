import { DurableObject } from 'cloudflare:workers'

/** An object that keeps beside its state what has fired, in the commit of what its timers' handlers do. */
export class Recording extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env)
    ctx.storage.sql.exec('CREATE TABLE IF NOT EXISTS fired (name TEXT, time INTEGER, at INTEGER)')
  }

  record(name, time) {
    this.ctx.storage.sql.exec('INSERT INTO fired VALUES (?, ?, ?)', name, time, Date.now())
  }

  async seen() {
    const fires = this.ctx.storage.sql.exec('SELECT * FROM fired').toArray()
    return { fires, standing: await this.standing() }
  }

  /** Half of the handlers take a moment, in which the object is asked for more. */
  handle(name, time) {
    if (!name.endsWith('slow')) return this.record(name, time)
    return scheduler.wait(10).then(() => this.record(name, time))
  }
}
