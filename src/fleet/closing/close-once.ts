import type { Observable } from 'rxjs'

/** What owns something that must be let go of: `await using` closes it at the end of its block. */
export interface Closable {
  /** Resolves when what was accepted is durable and with the manager; again, with the same. */
  close(): Promise<void>
  /** The same as `close`. */
  [Symbol.asyncDispose](): Promise<void>
}

declare global {
  // TypeScript's own libraries have it from 5.2 on, as `esnext.disposable`; a browser may lack the symbol itself.
  interface SymbolConstructor {
    readonly asyncDispose: unique symbol
  }
}

/**
 * Closes once, however often it is asked: flushes what was accepted, then ends, also where the flush has failed.
 *
 * Where all can be flushed synchronously it has ended when `close` returns. A rejection is the flush's error: unhandled, it is loud.
 */
export function closable(flush: () => Observable<never>, end: () => unknown): Closable {
  let closing: Promise<void> | null = null

  function close(): Promise<void> {
    if (closing !== null) return closing
    let start!: (work: Promise<void>) => void
    closing = new Promise((resolve) => (start = resolve)) // known before anything happens: what happens may close again
    start(run())
    return closing
  }

  function run(): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: (ended: unknown) => void): void => {
        try {
          settle(end())
        } catch (error) {
          reject(error)
        }
      }
      flush().subscribe({
        complete: () => finish((ended) => resolve(ended as undefined)),
        error: (error) => finish((ended) => Promise.resolve(ended).then(() => reject(error), reject)),
      })
    })
  }

  return {
    close,
    ...(Symbol.asyncDispose !== undefined && { [Symbol.asyncDispose]: close }),
  } as Closable
}
