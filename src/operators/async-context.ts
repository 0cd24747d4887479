/** The asynchronous context of some moment, as `AsyncLocalStorage` knows it. */
export interface AsyncContext {
  /** Calls `work` in that context, as a method of `self`. */
  runInAsyncScope<R>(work: () => R, self?: unknown): R
}

interface Hooks {
  readonly AsyncResource?: new (type: string) => AsyncContext
}

// Not by import: browsers and workers have none. An AsyncResource and not a snapshot, which costs a hundred times as much.
const { AsyncResource } = hooks()

function hooks(): Hooks {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): Hooks | undefined } }
  return process?.getBuiltinModule?.('node:async_hooks') ?? {}
}

const theOnlyOne: AsyncContext = { runInAsyncScope: (work, self) => work.call(self) }

/** The context of this moment, to come back to; where the platform has none, all are one. */
export const currentContext = (): AsyncContext =>
  AsyncResource === undefined ? theOnlyOne : new AsyncResource('nolater')

/** That in which the library was loaded, and so none of a request's. */
export const outside: AsyncContext = currentContext()
