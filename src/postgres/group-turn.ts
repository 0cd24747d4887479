interface Waiting<T, R> {
  readonly item: T
  done(result: R): void
  failed(error: unknown): void
}

/** Gathers what is asked in one turn of the event loop, for one statement. */
export interface Group<T, R> {
  ask(item: T): Promise<R>
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

const MOST = 1_000

/**
 * Does together what is asked in one turn, and then all that was asked meanwhile: one statement, one fsync, one NOTIFY.
 *
 * One group is under way at a time, and no id is in it twice; so the order for an id is that in which it was asked.
 */
export function groupTurn<T extends { readonly id: string }, R>(
  run: (items: readonly T[]) => Promise<readonly R[]>,
): Group<T, R> {
  let waiting: Waiting<T, R>[] = []
  let isRunning = false
  let whenIdle: (() => void)[] = []

  async function loop(): Promise<void> {
    while (waiting.length > 0) {
      const group = take()
      try {
        const results = await run(group.map(({ item }) => item))
        group.forEach(({ done }, i) => {
          done(results[i] as R)
        })
      } catch (error) {
        for (const { failed } of group) failed(error)
      }
    }
    isRunning = false
    for (const resolve of whenIdle) resolve()
    whenIdle = []
  }

  function take(): Waiting<T, R>[] {
    const ids = new Set<string>()
    const group: Waiting<T, R>[] = []
    const left: Waiting<T, R>[] = []
    for (const each of waiting) {
      const fits = group.length < MOST && !ids.has(each.item.id)
      ids.add(each.item.id)
      if (fits) group.push(each)
      else left.push(each)
    }
    waiting = left
    return group
  }

  return {
    ask: (item) =>
      new Promise((done, failed) => {
        waiting.push({ item, done, failed })
        if (isRunning) return
        isRunning = true
        setImmediate(loop)
      }),
    idle: () => (isRunning ? new Promise((resolve) => whenIdle.push(resolve)) : Promise.resolve()),
  }
}
