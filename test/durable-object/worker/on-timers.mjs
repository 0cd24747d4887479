import { timersOf } from '../../../src/durable-object/index.ts'
import { Recording } from './recording.mjs'

export class OnTimers extends Recording {
  timers = timersOf(this.ctx.storage)

  set(name, time) {
    this.timers.set(name, time)
  }

  standing() {
    return this.timers.list().map(({ name, time }) => ({ name, time }))
  }

  alarm(info) {
    return this.timers.deliver(info, ({ name, scheduledTime }) => this.handle(name, scheduledTime))
  }
}
