import { writeSync } from 'node:fs'
import { beforeAll, expect } from 'vitest'

/** ms that a test file may take until its tests are known. Vitest itself would wait for a top-level await that never comes. */
const LIMIT = Number(process.env.NOLATER_LOADING_LIMIT ?? 120_000)

const limit = setTimeout(() => {
  const file = expect.getState().testPath ?? 'a test file'
  writeSync(
    2,
    `${file} was still being loaded after ${LIMIT} ms: it, or what it imports, awaits at its top level.\n`,
  )
  process.kill(process.pid, 'SIGKILL')
}, LIMIT)
beforeAll(() => clearTimeout(limit))
