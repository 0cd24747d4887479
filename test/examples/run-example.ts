import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { runNode } from '../run-node.ts'

/** Runs an example as a process, on the sources, in an empty folder; the lines that it prints. */
export function runExample(file: string): string[] {
  const cwd = mkdtempSync(join(tmpdir(), 'nolater-example-'))
  try {
    return runNode([resolve('examples', file)], { cwd })
      .trim()
      .split('\n')
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
}
