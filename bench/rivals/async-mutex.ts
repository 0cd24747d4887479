import { Mutex } from 'async-mutex'
import { type AlarmTime, rival } from '../rival.ts'
import { InOrder } from './in-order.ts'

class Exclusive extends InOrder {
  readonly mutex = new Mutex()
  last: Promise<void> = Promise.resolve()

  set(time: AlarmTime): void {
    if (this.isNew(time)) this.last = this.mutex.runExclusive(() => this.apply(time))
  }

  delete(): void {
    this.set(null)
  }
}

export default rival<Exclusive>({
  open: (ports, initial) => new Exclusive(ports, initial),
  drained: (actor) => actor.last,
})
