/** The asynchronous context of some moment, as `AsyncLocalStorage` knows it. */
export interface AsyncContext {
  /** Calls `work` in that context, as a method of `self`. */
  runInAsyncScope<R>(work: () => R, self?: unknown): R
}

interface Hooks {
  readonly AsyncResource?: new (type: string) => AsyncContext
}

/** What `globalThis` has where there are such contexts. */
export interface Platform {
  readonly process?: { getBuiltinModule?(name: string): Hooks | undefined }
}

const theOnlyOne: AsyncContext = { runInAsyncScope: (work, self) => work.call(self) }

/** What gives the context of a moment; where the platform has none, all are one. */
export function contextsOf({ process }: Platform): () => AsyncContext {
  // Not by import: browsers and workers have none. An AsyncResource and not a snapshot, which costs a hundred times as much.
  const AsyncResource = process?.getBuiltinModule?.('node:async_hooks')?.AsyncResource
  return AsyncResource === undefined ? () => theOnlyOne : () => new AsyncResource('nolater')
}

/** The context of this moment, to come back to. */
export const currentContext = contextsOf(globalThis as Platform)

/** That in which the library was loaded, and so none of a request's. */
export const outside: AsyncContext = currentContext()
