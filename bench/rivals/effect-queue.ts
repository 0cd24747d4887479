import { Effect, Queue } from 'effect'
import { type AlarmTime, type Ports, rival } from '../rival.ts'
import { InOrder } from './in-order.ts'

/** A fiber of the actor's own takes one intent after the other from an unbounded queue of Effect's. */
class Queued extends InOrder {
  readonly queue = Effect.runSync(Queue.unbounded<AlarmTime | (() => void)>())

  constructor(ports: Ports, initial: AlarmTime) {
    super(ports, initial)
    const next = Effect.flatMap(Queue.take(this.queue), (taken) =>
      typeof taken === 'function' ? Effect.sync(taken) : Effect.promise(() => this.apply(taken)),
    )
    Effect.runFork(Effect.forever(next))
  }

  set(time: AlarmTime): void {
    if (this.isNew(time)) Queue.offerUnsafe(this.queue, time)
  }

  delete(): void {
    this.set(null)
  }

  drained(): Promise<void> {
    return new Promise((resolve) => void Queue.offerUnsafe(this.queue, resolve))
  }
}

export default rival<Queued>({
  open: (ports, initial) => new Queued(ports, initial),
  drained: (actor) => actor.drained(),
})
