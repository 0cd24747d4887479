/** A Durable Object with timers: its guests leave by themselves, and it is tidied every night. */
import { DurableObject } from 'cloudflare:workers'
import { Cron } from 'croner'
import { cronWith, type ObjectWakeup, timersOf } from 'nolater/durable-object'

interface Leaving {
  readonly guest: string
}

export class Room extends DurableObject {
  timers = timersOf(this.ctx.storage, { cron: cronWith(Cron) })

  /** The guest, the timer and the alarm are one commit. Joining once more moves the timer. */
  join(guest: string, stay: number): void {
    this.ctx.storage.kv.put(`guest ${guest}`, true)
    this.timers.set(`leave ${guest}`, { in: stay }, { payload: { guest } satisfies Leaving })
    this.timers.every('tidy', { cron: '0 4 * * *', timeZone: 'Europe/Berlin' })
  }

  guests(): string[] {
    return Array.from(this.ctx.storage.kv.list({ prefix: 'guest ' }), ([key]) => key.slice('guest '.length))
  }

  alarm(info: ObjectWakeup): Promise<void> {
    return this.timers.deliver<Leaving>(info, ({ name, payload }) =>
      name === 'tidy' ? this.tidy() : this.leave(payload.guest),
    )
  }

  leave(guest: string): void {
    this.ctx.storage.kv.delete(`guest ${guest}`)
  }

  async tidy(): Promise<void> {}
}
