import { describe, expect, it } from 'vitest'
import { patchedLibrary } from './library.ts'
import { readProgramme } from './programme.ts'
import { protections } from './protections.ts'
import { runProgramme } from './run-programme.ts'

const known = protections.filter(({ programme }) => programme !== undefined)

describe('a programme fails where a protection is taken out, and only there', { timeout: 60_000 }, () => {
  it.each(known)('$name', async ({ patches, programme }) => {
    const read = readProgramme(programme!)
    expect((await runProgramme(read)).faults).toEqual([])
    expect((await runProgramme(read, await patchedLibrary(patches))).faults).not.toEqual([])
  })
})
