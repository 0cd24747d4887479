import type { AlarmTime } from 'nolater'
import type { VirtualClock } from 'nolater/marbles'
import { Observable, type Subscription } from 'rxjs'

/** The durable store of one actor. It survives the crashes of its process. */
export interface FakeStore {
  /** what is durable */
  readonly alarm: AlarmTime
  /** Raises the epoch, durably. */
  open(): number
  commit(time: AlarmTime): Observable<never>
  /**
   * The process ends, and what it had in flight is decided before another one can read: the oldest few commits are durable
   * (`chance` of 0 to 1 says how many), the rest never will be.
   */
  settle(chance: number): void
}

const COMMIT = 180 // ms

export function fakeStore(clock: VirtualClock, changed: () => void): FakeStore {
  let alarm: AlarmTime = null
  let epoch = 0
  let inFlight: { readonly time: AlarmTime; readonly timer: Subscription }[] = []

  const apply = (time: AlarmTime): void => {
    alarm = time
    changed()
  }
  return {
    get alarm() {
      return alarm
    },
    open: () => ++epoch,
    commit: (time) =>
      new Observable((waiting) => {
        const land = (): void => {
          inFlight.shift()
          apply(time)
          waiting.complete()
        }
        inFlight.push({ time, timer: clock.schedule(land, COMMIT) })
      }),
    settle(chance) {
      const cut = inFlight
      inFlight = []
      for (const { timer } of cut) timer.unsubscribe()
      const durable = cut.slice(0, Math.floor(chance * (cut.length + 1)))
      for (const { time } of durable) apply(time)
    },
  }
}
