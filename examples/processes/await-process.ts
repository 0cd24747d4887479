import type { ChildProcess } from 'node:child_process'

const heard = new WeakMap<ChildProcess, { words: string }>()

/**
 * Resolves as `awaited` does. Rejects, with what the process printed last, when it cannot be started, when it ends before, and after `limit`
 * ms, which ends it.
 */
export async function awaitProcess<T>(
  child: ChildProcess,
  what: string,
  awaited: Promise<T>,
  limit = 60_000,
): Promise<T> {
  const last = lastWords(child)
  const { promise: failed, reject } = Promise.withResolvers<never>()
  const fail = (how: string): void => {
    const command = child.spawnargs.slice(1).join(' ').slice(0, 200)
    reject(
      new Error(
        `Awaited of ${command}: ${what}. It ${how}. It printed last: ${last.words.trim() || '(nothing)'}`,
      ),
    )
  }
  const notStarted = (error: Error): void => fail(`failed: ${error.message}`)
  // What is awaited may have been the last thing that it did, or its end.
  const ended = (code: number | null, signal: string | null): void =>
    void setImmediate(fail, `ended with ${signal ?? code}`)
  const patience = setTimeout(() => {
    fail(`has not come to it within ${limit} ms`)
    child.kill('SIGKILL')
  }, limit)
  child.on('error', notStarted).on('close', ended)
  const over = child.exitCode ?? child.signalCode
  if (over !== null) setImmediate(fail, `has ended with ${over}`)
  try {
    return await Promise.race([awaited, failed])
  } finally {
    clearTimeout(patience)
    child.off('error', notStarted).off('close', ended)
  }
}

/** What a process has printed, as far as it comes through a pipe: the end of it. Call it before the first word. */
export function lastWords(child: ChildProcess): { readonly words: string } {
  const known = heard.get(child)
  if (known !== undefined) return known
  const last = { words: '' }
  heard.set(child, last)
  child.on('error', () => {}) // whatever waits says it
  for (const output of [child.stdout, child.stderr]) {
    output?.on('data', (data) => {
      last.words = `${last.words}${data}`.slice(-2_000)
    })
  }
  return last
}
