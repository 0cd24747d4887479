import type { AlarmTime } from '../../src/index.ts'

/** What is looked at from outside, in every world of these tests. */
const promises = {
  neverLate: 'the manager is never later than what the store may hold',
  oneWrite: 'at most one write in flight',
  oneCommit: 'at most one commit in flight',
  notEarly: 'no handler before its time',
  oneHandler: 'one handler at a time',
  quiet: 'no later move while a commit is in flight',
  broken: 'nothing is asked once a precommit or a commit has failed',
  noViolation: 'no violation is reported where there is none',
} as const

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

/** What is wrong, seen from outside: what the store durably held, what the manager held, what was in flight, what handlers ran. */
export interface Judge {
  readonly faults: readonly string[]
  readonly running: ReadonlySet<Running>
  fault(what: string): void
  /** One of the promises is broken for this actor. */
  breaks(promise: keyof typeof promises, key: string): void
  /** The store was asked to open an actor: no commit of an older epoch can land any more. */
  opened(key: string, epoch: unknown): void
  /** No commit that was issued before can land any more. */
  restored(): void
  /** whether no other incarnation has been opened since */
  isOwner(key: string, epoch: unknown): boolean
  issued(commit: Landing): void
  settled(commit: Landing): void
  /** A write or a commit of an incarnation begins; what is returned ends it. */
  takesOff(kind: 'write' | 'commit', key: string, incarnation: string): () => void
  /** A later move, or the same again, is to be written, at the moment at which that is decided. */
  movesLater(key: string, incarnation: string): void
  /** What breaks the alarm of an incarnation has failed, and it knows. */
  broke(key: string, incarnation: string): void
  /** Something may have changed: the one promise is looked at, for every key. */
  look(): void
  /** A handler starts. Where another one of its key is at work, the lease of that one has ended: it is `lease` ms long. */
  started(running: Running, lease: number, elapsed: number): void
  ended(running: Running): void
  /** A process has died: what it was running runs no more. */
  died(by: string): void
}

export interface Outside {
  readonly keys: readonly string[]
  /** what the store durably holds */
  durable(key: string): AlarmTime
  /** what the manager holds */
  held(key: string): AlarmTime
}

/** Is `a` no later than `b`? Never comes last. */
export function isNoLater(a: AlarmTime, b: AlarmTime): boolean {
  return b === null || (a !== null && a <= b)
}

export function openJudge({ keys, durable, held }: Outside): Judge {
  const faults: string[] = []
  const epochs = new Map<string, unknown>()
  const landing = new Set<Landing>()
  const flights = new Map<string, number>()
  const running = new Set<Running>()
  const broken = new Set<string>()

  function fault(what: string): void {
    if (!faults.includes(what)) faults.push(what)
  }

  function breaks(promise: keyof typeof promises, key: string): void {
    fault(keys.length === 1 ? promises[promise] : `${key}: ${promises[promise]}`)
  }

  function lookAt(key: string): void {
    const manager = held(key)
    if (!isNoLater(manager, durable(key))) breaks('neverLate', key)
    for (const commit of landing) {
      if (commit.key === key && !isNoLater(manager, commit.time)) breaks('neverLate', key)
    }
  }

  return {
    faults,
    running,
    fault,
    breaks,
    opened(key, epoch) {
      epochs.set(key, epoch)
      for (const commit of landing) if (commit.key === key && commit.epoch !== epoch) landing.delete(commit)
    },
    restored: () => landing.clear(),
    isOwner: (key, epoch) => epochs.get(key) === epoch,
    issued(commit) {
      const current = epochs.get(commit.key)
      if (current === undefined || current === commit.epoch) landing.add(commit)
    },
    settled: (commit) => void landing.delete(commit),
    takesOff(kind, key, incarnation) {
      const name = `${kind} ${key} ${incarnation}`
      if (broken.has(`${key} ${incarnation}`)) breaks('broken', key)
      const others = flights.get(name) ?? 0
      if (others > 0) breaks(kind === 'write' ? 'oneWrite' : 'oneCommit', key)
      flights.set(name, others + 1)
      let isOver = false
      return () => {
        if (!isOver) flights.set(name, flights.get(name)! - 1)
        isOver = true
      }
    },
    movesLater(key, incarnation) {
      if ((flights.get(`commit ${key} ${incarnation}`) ?? 0) > 0) breaks('quiet', key)
    },
    broke: (key, incarnation) => void broken.add(`${key} ${incarnation}`),
    look: () => keys.forEach(lookAt),
    started(own, lease, elapsed) {
      for (const other of running) {
        if (other.key === own.key && elapsed - other.since < lease) breaks('oneHandler', own.key)
      }
      running.add(own)
    },
    ended: (own) => void running.delete(own),
    died(by) {
      for (const own of running) if (own.by === by) running.delete(own)
    },
  }
}
