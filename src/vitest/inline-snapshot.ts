import * as vitest from 'vitest'
import type { Verdict } from './verdict.ts'

/** What is compared with the text in the test, and written there by `-u`: from Vitest 4.1 on by its own means. */
export function matchInlineSnapshot(
  state: vitest.MatcherState,
  name: string,
  received: object,
  text?: string,
): Verdict {
  if ('Snapshots' in vitest) return vitest.Snapshots.toMatchInlineSnapshot.call(state, received, text)
  return matchAsItsOwn(state, name, received, text)
}

/** Whether `-u` asks for every text to be written again. */
export function isUpdating({ snapshotState }: vitest.MatcherState): boolean {
  const state = snapshotState as unknown as { snapshotUpdateState?: string; _updateSnapshot?: string }
  return (state.snapshotUpdateState ?? state._updateSnapshot) === 'all'
}

interface Flagged {
  readonly __flags: { error?: Error }
}

/**
 * Before 4.1 a matcher cannot be one of inline snapshots: Vitest finds the place of the text by a frame of its own, and the text by the name
 * of its own matcher. So it gets the one from the stack of the expectation, and reads the other in place of `name`.
 */
function matchAsItsOwn(state: vitest.MatcherState, name: string, received: object, text?: string): Verdict {
  rename((state.snapshotState as unknown as { environment: Environment }).environment, name)
  const assertion = vitest.expect(received)
  ;(assertion as unknown as Flagged).__flags.error = placed()
  try {
    if (text === undefined) assertion.toMatchInlineSnapshot()
    else assertion.toMatchInlineSnapshot(text)
    return { pass: true, message: () => 'Expected otherwise, but it is what the diagram says' }
  } catch (error) {
    return { pass: false, ...(error as object), message: () => (error as Error).message }
  }
}

// A library's frames, and this kit's own.
const inside = /node_modules|node:internal|[\\/]src[\\/]vitest[\\/]/

/** An error on whose stack Vitest finds the expectation: two frames above a function of that name. */
function placed(): Error {
  const error = new Error('snapshot')
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line) && !inside.test(line))
  const own = ['__INLINE_SNAPSHOT__', 'matcher'].map((name) => `    at ${name} (file:///nolater.js:1:1)`)
  error.stack = ['Error: snapshot', ...own, ...frames].join('\n')
  return error
}

interface Environment {
  readSnapshotFile(path: string): Promise<string | null>
  saveSnapshotFile(path: string, code: string): Promise<void>
}

const renamed = new WeakSet<Environment>()

/** Shows Vitest the calls of `name` as calls of its own matcher, as long as they were, so that what it knows of their places holds. */
function rename(environment: Environment, name: string): void {
  if (renamed.has(environment)) return
  renamed.add(environment)
  const own = 'toMatchInlineSnapshot'
  const shown = `/*${'-'.repeat(name.length - own.length - 4)}*/${own}`
  const { readSnapshotFile, saveSnapshotFile } = environment
  environment.readSnapshotFile = async (path) =>
    (await readSnapshotFile.call(environment, path))?.replaceAll(name, shown) ?? null
  environment.saveSnapshotFile = (path, code) =>
    saveSnapshotFile.call(environment, path, code.replaceAll(shown, name))
}
