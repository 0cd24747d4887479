import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach } from 'vitest'
import { type SqliteManager, type SqliteManagerOptions, sqliteManager } from '../../src/sqlite/index.ts'

// Made when it is needed: where all tests of a file are skipped, nothing would remove it.
let directory: string | undefined
let files = 0
let open: SqliteManager[] = []

afterEach(() => {
  for (const manager of open) manager.close()
  open = []
})
afterAll(() => {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true })
})

/** A path where nothing is. */
export function newFile(): string {
  directory ??= mkdtempSync(join(tmpdir(), 'nolater-'))
  return join(directory, `${++files}.db`)
}

/** A manager that is closed after the test; on a file of its own unless told which. */
export function newManager(options: Partial<SqliteManagerOptions> = {}): SqliteManager {
  const manager = sqliteManager({ file: newFile(), ...options })
  open.push(manager)
  return manager
}
