import type { EachResult } from '../../vocabulary/manager.ts'

/** The one commit of a transaction that actors share: it waits until each has asked for its own. */
export interface SharedCommit<T> {
  /** Of one of its keys, once. */
  ask(key: string, commit: T): Promise<EachResult>
  /** One will not ask: nothing can be committed. */
  fail(error: unknown): void
  /** Resolves when it is done; rejects with what it failed of. */
  readonly done: Promise<void>
}

export function sharedCommit<T>(
  keys: Iterable<string>,
  commit: (all: readonly T[]) => Promise<void>,
): SharedCommit<T> {
  const left = new Set(keys)
  const asked: T[] = []
  let hasFailed = false
  let settle!: { resolve(): void; reject(error: unknown): void }
  const done = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
  })
  done.catch(() => {}) // each that has asked gets it
  return {
    async ask(key, item) {
      left.delete(key)
      asked.push(item)
      if (left.size === 0 && !hasFailed) commit(asked).then(settle.resolve, settle.reject)
      await done
      return null
    },
    fail(error) {
      hasFailed = true
      settle.reject(error)
    },
    done,
  }
}
