import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { expect, it } from 'vitest'

const FULL = '/dev/full'

it.skipIf(!existsSync(FULL))(
  'what cannot be printed, as the disk is full, is no answer: the exit code is 3',
  () => {
    const full = openSync(FULL, 'w')
    const words = ['--import', './test/run-sources.mjs', 'src/operating/command/main.ts', '--help']
    const { status, stderr } = spawnSync(process.execPath, words, {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
      timeout: 60_000,
    })
    closeSync(full)
    expect([status, stderr]).toEqual([3, expect.stringMatching(/^nolater: it cannot print: .*\n$/)])
  },
)
