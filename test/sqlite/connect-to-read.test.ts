import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { connectToRead } from '../../src/sqlite/connect-to-read.ts'
import { sqliteManager } from '../../src/sqlite/index.ts'

const NOBODY = 65534

/** A file that all may read, in a directory in which `asReader` may write nothing. */
function fileToRead(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nolater-read-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return join(folder, 'alarms.db')
}

/** Root may write everywhere: what it does here is done by another user. */
function asReader<T>(file: string, work: () => T): T {
  const isRoot = process.getuid?.() === 0
  const folder = dirname(file)
  chmodSync(folder, 0o555)
  if (isRoot) process.seteuid?.(NOBODY)
  try {
    return work()
  } finally {
    if (isRoot) process.seteuid?.(0)
    chmodSync(folder, 0o755)
  }
}

const isWindows = process.platform === 'win32'

it.skipIf(isWindows)(
  'a file is read where nothing can be written beside it while it is open, and says why it is not when it is closed',
  async () => {
    const file = fileToRead()
    const manager = sqliteManager({ file })
    await manager.write('a', 1, { key: 'a', move: 'later', fence: 1, attempt: 1 })
    const keys = (): unknown[] => {
      const db = connectToRead(file, 'sqliteManager')
      try {
        return db.prepare('SELECT key FROM alarm').all()
      } finally {
        db.close()
      }
    }
    expect(asReader(file, keys)).toEqual([{ key: 'a' }])
    await manager.close()
    const refused = {
      code: 'ALARM_STORAGE_READONLY',
      message: expect.stringMatching(/its directory cannot be written.* copy it/),
    }
    expect(() => asReader(file, keys)).toThrow(expect.objectContaining(refused))
    expect(keys()).toEqual([{ key: 'a' }])
    chmodSync(file, 0o200)
    expect(() => asReader(file, keys)).toThrow(
      expect.objectContaining({
        code: 'ALARM_STORAGE_READONLY',
        message: expect.stringMatching(/may not read the file/),
      }),
    )
  },
)
