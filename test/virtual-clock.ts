import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs'

/** A scheduler whose time is moved by hand, for what also needs real turns of the event loop. */
export interface VirtualClock extends SchedulerLike {
  /** ms that have passed, whatever the clock was stepped by */
  elapsed(): number
  /** Lets `ms` pass: timers fire in order, with turns of the event loop after each. */
  advance(ms: number): Promise<void>
  /** Steps the clock, as a time server does: no time passes, no timer moves. */
  step(ms: number): void
  /** Lets `ms` pass while the event loop is blocked: no timer fires. */
  block(ms: number): void
  /** how many timers there are */
  pending(): number
}

interface Timer {
  readonly at: number
  readonly fire: () => void
}

export function virtualClock(start = 1_000_000): VirtualClock {
  let elapsed = 0
  let wall = start
  let timers: Timer[] = []

  function nextTimer(until: number): Timer | undefined {
    const [next] = timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
    timers = timers.filter((timer) => timer !== next)
    return next
  }

  return {
    now: () => wall + elapsed,
    elapsed: () => elapsed,
    schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay = 0, state?: T): Subscription {
      if (!(delay >= 0 && delay < 2 ** 31))
        throw new Error(`a real timer would fire at once after ${delay} ms`)
      const action = new Subscription() as SchedulerAction<T>
      action.schedule = (again?: T, rest = 0) => {
        if (!(rest >= 0 && rest < 2 ** 31))
          throw new Error(`a real timer would fire at once after ${rest} ms`)
        const timer = { at: elapsed + rest, fire: () => work.call(action, again as T) }
        timers.push(timer)
        action.add(() => {
          timers = timers.filter((other) => other !== timer)
        })
        return action
      }
      return action.schedule(state as T, delay)
    },
    async advance(ms) {
      const until = elapsed + ms
      await turns()
      for (let timer = nextTimer(until); timer !== undefined; timer = nextTimer(until)) {
        elapsed = Math.max(elapsed, timer.at)
        timer.fire()
        await turns()
      }
      elapsed = until
    },
    block(ms) {
      elapsed += ms
    },
    step(ms) {
      wall += ms
    },
    pending: () => timers.length,
  }
}

/** Some turns of the event loop: enough for a write and an answer that follow each other. */
export async function turns(count = 6): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** The same clock for what is given it, except that it counts in fractions, as `performance.now()` does. */
export function withFractions(clock: VirtualClock): VirtualClock {
  return { ...clock, now: () => clock.now() + 0.627 }
}
