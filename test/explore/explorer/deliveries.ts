import { Subject, Subscription } from 'rxjs'
import type { Alarm } from '../../../src/index.ts'
import type { Effect, Outcome } from './effect.ts'

/** A delivery under way in the engine. */
interface Delivering {
  readonly time: number
  /** what it is compared with later: its own fence while it is queued, then the last one before it began */
  fence: number
  /** `queued`: the handler of another one comes first */
  handler: 'queued' | 'waits' | 'runs' | 'ended'
  readonly running: Subject<never>
  readonly subscription: Subscription
}

/** The deliveries of an engine, in the order in which they came. */
export interface Deliveries {
  deliver(time: number, fence: number): void
  endHandler(error?: Error): void
  /** unsubscribes from the one that came last */
  expire(): void
  /** what the engine's future depends on; `rank` says how a fence stands to the engine's own */
  print(rank: (fence: number) => number): string
  /** throws where an outcome came without its completion, or twice */
  check(): void
}

/** Hands deliveries to an engine, with handlers that run until they are ended. */
export function openDeliveries(
  alarm: Alarm,
  lastFence: () => number,
  did: (effect: Effect) => void,
): Deliveries {
  const deliveries: Delivering[] = []
  let outcomes = 0

  function end(own: Delivering, kind: Outcome): void {
    did({ kind, delivery: deliveries.indexOf(own) })
    forget(own)
    for (const other of deliveries) {
      if (other.handler !== 'queued') continue
      other.handler = 'waits'
      other.fence = lastFence()
    }
  }

  function forget(own: Delivering): void {
    deliveries.splice(deliveries.indexOf(own), 1)
  }

  return {
    deliver(time, fence) {
      const isQueued = deliveries.some(({ handler }) => handler !== 'waits')
      const own: Delivering = {
        time,
        fence: isQueued ? fence : lastFence(),
        handler: isQueued ? 'queued' : 'waits',
        running: new Subject(),
        subscription: new Subscription(),
      }
      deliveries.push(own)
      const outcome$ = alarm.deliver({ scheduledTime: time, fence, retryCount: 0 }, (info) => {
        did({ kind: 'run', time: info.scheduledTime, delivery: deliveries.indexOf(own) })
        own.handler = 'runs'
        return own.running
      })
      own.subscription.add(
        outcome$.subscribe({
          next({ kind }) {
            outcomes++
            end(own, kind)
          },
          complete() {
            outcomes--
          },
          error: () => end(own, 'failed'),
        }),
      )
    },
    endHandler(error) {
      const own = deliveries.find(({ handler }) => handler === 'runs')!
      own.handler = 'ended'
      if (error === undefined) own.running.complete()
      else own.running.error(error)
    },
    expire() {
      const own = deliveries.at(-1)!
      forget(own)
      own.subscription.unsubscribe()
    },
    check() {
      if (outcomes !== 0) throw new Error('A delivery must emit one outcome and complete at once, or fail.')
    },
    print(rank) {
      return deliveries
        .map(({ handler, time, fence }) => {
          if (handler === 'queued') return `queued ${time} ${rank(fence)}`
          return handler === 'waits' ? `waits ${rank(fence)}` : handler
        })
        .join()
    },
  }
}
