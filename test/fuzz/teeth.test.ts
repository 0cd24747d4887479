import { describe, expect, it } from 'vitest'
import { library, patchedLibrary } from './library.ts'
import { readProgramme } from './programme.ts'
import { protections } from './protections.ts'
import { runProgramme } from './run-programme.ts'

const known = protections.filter(({ programme }) => programme !== undefined)

describe('a programme fails where a protection is taken out, and only there', { timeout: 60_000 }, () => {
  it.each(known)('$name', async ({ around, patches, programme }) => {
    const read = readProgramme(programme!)
    const whole = around === undefined ? library : await patchedLibrary(around)
    expect((await runProgramme(read, whole)).faults).toEqual([])
    const without = await patchedLibrary([...(around ?? []), ...patches])
    expect((await runProgramme(read, without)).faults).not.toEqual([])
  })
})
