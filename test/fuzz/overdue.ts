import type { World } from './world.ts'

const SLACK = 5_000 // ms: a round that was put off, a look at the file
const LOOK = 60_000 // ms after which a clock that was set forward is noticed

/** Watches, from outside, that no alarm waits and no handler goes on for longer than it may. */
export interface Overdue {
  /** The next delivery of the alarm is expected so many ms from now at the latest. */
  expectIn(key: string, ms: number): void
  /** The clock was stepped: what is due is due since now. */
  stepped(): void
  look(): void
}

export function openOverdue(world: World, keys: readonly string[]): Overdue {
  const { clock, judge, lease } = world
  const ready = new Map<string, number>()
  const dueSince = new Map<string, number>()

  function lookAtHandlers(): void {
    for (const { key, by, since } of judge.running) {
      const process = world.processes.find(({ name }) => name === by)
      if (process?.isDelivering && world.elapsed() - since > lease + SLACK)
        judge.fault(`a handler of ${key} goes on after its lease has ended`)
    }
  }

  function lookAtAlarm(key: string, isDelivering: boolean): void {
    const time = world.held(key)
    const isBusy = [...judge.running].some((run) => run.key === key)
    if (time === null || time > clock.now() || isBusy || !isDelivering || world.isKept(key)) {
      dueSince.delete(key)
      return
    }
    const now = world.elapsed()
    if (!dueSince.has(key)) dueSince.set(key, now)
    const since = Math.max(dueSince.get(key)!, ready.get(key) ?? 0)
    if (now - since > Math.max(lease, LOOK) + SLACK)
      judge.fault(`an alarm of ${key} is due, and is not delivered`)
  }

  return {
    expectIn: (key, ms) => void ready.set(key, world.elapsed() + ms),
    stepped: () => dueSince.clear(),
    look() {
      lookAtHandlers()
      const isDelivering = world.processes.some((process) => process.isDelivering)
      for (const key of keys) lookAtAlarm(key, isDelivering)
    },
  }
}
