import pLimit from 'p-limit'
import { type AlarmTime, rival } from '../rival.ts'
import { InOrder } from './in-order.ts'

class Limited extends InOrder {
  readonly limit = pLimit(1)
  last: Promise<void> = Promise.resolve()

  set(time: AlarmTime): void {
    if (this.isNew(time)) this.last = this.limit(() => this.apply(time))
  }

  delete(): void {
    this.set(null)
  }
}

export default rival<Limited>({
  open: (ports, initial) => new Limited(ports, initial),
  drained: (actor) => actor.last,
})
