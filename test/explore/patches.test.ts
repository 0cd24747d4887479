import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { patchedSets } from './patched-sets.ts'

// The runs that apply them all take minutes; that each still has its place is seen at once.
describe.each(patchedSets)('what is taken out for %s', (_, patched) => {
  it.each(patched)('%s', (_, patches) => {
    const found = patches.map(({ file, find }) => readFileSync(`src/${file}`, 'utf8').split(find).length - 1)
    expect(found).toEqual(patches.map(() => 1))
  })
})
