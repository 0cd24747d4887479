import { Effect, Semaphore } from 'effect'
import { type AlarmTime, rival } from '../rival.ts'
import { InOrder } from './in-order.ts'

/** Each intent is an effect that takes the one permit of a semaphore of Effect's. */
class Permitted extends InOrder {
  readonly semaphore = Semaphore.makeUnsafe(1)
  last: Promise<void> = Promise.resolve()

  set(time: AlarmTime): void {
    if (!this.isNew(time)) return
    const apply = Effect.promise(() => this.apply(time))
    this.last = Effect.runPromise(this.semaphore.withPermits(1)(apply))
  }

  delete(): void {
    this.set(null)
  }
}

export default rival<Permitted>({
  open: (ports, initial) => new Permitted(ports, initial),
  drained: (actor) => actor.last,
})
