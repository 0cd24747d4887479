import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { runNode } from '../run-node.ts'
import { newFile } from './files.ts'

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** Compiles what makes the system fail; `null` where there is no C compiler, or no preloading. */
function compile(): string | null {
  const library = newFile().replace('.db', '.so')
  if (process.platform !== 'linux') return null
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-o', library, here('failing-device.c'), '-ldl'], {
      stdio: 'ignore',
      timeout: 60_000,
    })
    return library
  } catch {
    return null
  }
}

const library = compile()

const run = (part: 'deliveries' | 'store') => {
  const file = newFile()
  const flag = file.replace('.db', '.fails')
  const env = { LD_PRELOAD: library!, NOLATER_DEVICE_FAILS: flag }
  return JSON.parse(
    runNode(['--no-warnings', here('failing-device-process.ts'), part, file, flag], { env, limit: 60_000 }),
  )
}

const failing = { code: 'ALARM_STORAGE_FAILED', passes: true }
const IOERR_WRITE = 778
const CORRUPT = 11 // what a statement is told whose read fails

describe.skipIf(library === null)(
  'a device that fails with EIO (skipped without Linux and a C compiler)',
  () => {
    it('stalls deliveries, which resume when it works again', { timeout: 90_000 }, () => {
      const { stall, refused, ...rest } = run('deliveries')
      expect([stall, refused]).toMatchObject([failing, failing])
      expect([stall.sqlite, refused.sqlite]).toEqual([CORRUPT, IOERR_WRITE])
      expect(stall.message).toContain('its device fails')
      expect(rest).toEqual({
        handledMeanwhile: ['before'],
        accepted: 'done',
        resumed: 1,
        handled: ['before', 'during', 'after'],
        left: [null, null, null, null],
        ended: 'alive',
      })
    })

    it('breaks a store with a typed error, and the next opening works when it does', {
      timeout: 90_000,
    }, () => {
      const { thrown, later, broken, opening, kept } = run('store')
      expect([thrown, later, broken]).toMatchObject(Array(3).fill({ code: 'ALARM_COMMIT_FAILED' }))
      expect(thrown.message).toContain('its device fails')
      expect(opening).toMatchObject(failing)
      expect(kept).toEqual([1, null, 1])
    })
  },
)
