import { type AlarmTime, rival } from '../rival.ts'
import { InOrder } from './in-order.ts'

/** The six lines that everyone has written: each intent waits for the one before. */
class PromiseChain extends InOrder {
  tail: Promise<void> = Promise.resolve()

  set(time: AlarmTime): void {
    if (this.isNew(time)) this.tail = this.tail.then(() => this.apply(time))
  }

  delete(): void {
    this.set(null)
  }
}

export default rival<PromiseChain>({
  open: (ports, initial) => new PromiseChain(ports, initial),
  drained: (actor) => actor.tail,
})
