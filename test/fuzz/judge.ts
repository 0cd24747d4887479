import type { AlarmTime } from '../../src/index.ts'
import { isNoLater } from '../lifecycles/world.ts'
import type { Store } from './store.ts'

/** A commit that the store may come to hold. */
export interface Landing {
  readonly key: string
  readonly time: AlarmTime
  readonly epoch: unknown
}

/** A handler at work. */
export interface Running {
  readonly key: string
  readonly by: string
  /** when its alarm was delivered, in ms that no step of the clock changes */
  readonly since: number
}

/** What is wrong, seen from outside: what the store durably held, what the manager held, what handlers ran. */
export interface Judge {
  readonly faults: readonly string[]
  readonly running: ReadonlySet<Running>
  fault(what: string): void
  /** The store was asked to open an actor: no commit of an older epoch can land any more. */
  opened(key: string, epoch: unknown): void
  /** whether no other incarnation has been opened since */
  isOwner(key: string, epoch: unknown): boolean
  issued(commit: Landing): void
  settled(commit: Landing): void
  /** Something may have changed: the one promise is looked at, for every key. */
  look(): void
  started(running: Running, lease: number, elapsed: number): void
  ended(running: Running): void
  /** A process has died: what it was running runs no more. */
  died(by: string): void
}

export function openJudge(
  keys: readonly string[],
  store: () => Store,
  held: (key: string) => AlarmTime,
  print: (time: AlarmTime) => string,
): Judge {
  const faults: string[] = []
  const epochs = new Map<string, unknown>()
  const landing = new Set<Landing>()
  const running = new Set<Running>()

  const fault = (what: string): void => {
    if (!faults.includes(what)) faults.push(what)
  }

  function lookAt(key: string): void {
    const manager = held(key)
    const durable = store().read(key)
    if (!isNoLater(manager, durable)) {
      fault(`never late: the manager holds ${print(manager)} of ${key}, the store ${print(durable)}`)
    }
    for (const { key: whose, time } of landing) {
      if (whose !== key || isNoLater(manager, time)) continue
      fault(`never late: the manager holds ${print(manager)} of ${key}, a commit under way ${print(time)}`)
    }
  }

  return {
    faults,
    running,
    fault,
    opened(key, epoch) {
      epochs.set(key, epoch)
      for (const commit of landing) if (commit.key === key && commit.epoch !== epoch) landing.delete(commit)
    },
    isOwner: (key, epoch) => epochs.get(key) === epoch,
    issued(commit) {
      const current = epochs.get(commit.key)
      if (current === undefined || current === commit.epoch) landing.add(commit)
    },
    settled: (commit) => void landing.delete(commit),
    look: () => keys.forEach(lookAt),
    started(own, lease, elapsed) {
      for (const other of running) {
        if (other.key !== own.key || elapsed - other.since >= lease) continue
        fault(`two handlers of ${own.key} at once, and no lease has ended`)
      }
      running.add(own)
    },
    ended: (own) => void running.delete(own),
    died(by) {
      for (const own of running) if (own.by === by) running.delete(own)
    },
  }
}
