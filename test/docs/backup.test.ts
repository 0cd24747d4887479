import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  type SqliteManagerOptions,
  type SqliteStoreOptions,
  sqliteManager,
  sqliteStore,
} from 'nolater/sqlite'
import { lastValueFrom } from 'rxjs'
import { afterAll, describe, expect, it } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'nolater-backup-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const blocks = [...readFileSync('docs/backup-and-restore.md', 'utf8').matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
const inFolder = (file: string): string => join(folder, file)

describe('docs/backup-and-restore.md', () => {
  it('backs up and restores as its code says', async () => {
    expect(blocks).toHaveLength(2)
    const said: unknown[] = []
    const scope = {
      sqliteManager: (options: SqliteManagerOptions) =>
        sqliteManager({ ...options, file: inFolder(options.file) }),
      sqliteStore: (options: SqliteStoreOptions) => sqliteStore({ ...options, file: inFolder(options.file) }),
      DatabaseSync: class extends DatabaseSync {
        constructor(file: string) {
          super(inFolder(file))
        }
        override exec(sql: string): void {
          super.exec(sql.replace(/INTO '(.*)'/, (_, file) => `INTO '${inFolder(file)}'`))
        }
      },
      rmSync: (file: string, options: object) => rmSync(inFolder(file), options),
      copyFileSync: (from: string, to: string) => copyFileSync(inFolder(from), inFolder(to)),
      lastValueFrom,
      time: Date.now() + 3_600_000,
      console: { log: (...words: unknown[]) => said.push(words) },
    }
    const code = `${blocks.map(([, block]) => block).join('\n')}\nawait restored.close(); await again.close()`
    const AsyncFunction = (async () => {}).constructor as new (
      ...args: string[]
    ) => (...args: unknown[]) => Promise<void>
    await new AsyncFunction(...Object.keys(scope), code)(...Object.values(scope))
    expect(said).toEqual([[1, true, true]])
  })
})
