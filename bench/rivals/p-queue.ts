import PQueue from 'p-queue'
import { type AlarmTime, rival } from '../rival.ts'
import { InOrder } from './in-order.ts'

class Queued extends InOrder {
  readonly queue = new PQueue({ concurrency: 1 })
  last: Promise<void> = Promise.resolve()

  set(time: AlarmTime): void {
    if (this.isNew(time)) this.last = this.queue.add(() => this.apply(time))
  }

  delete(): void {
    this.set(null)
  }
}

export default rival<Queued>({
  open: (ports, initial) => new Queued(ports, initial),
  drained: (actor) => actor.last,
})
