import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { protections } from '../fuzz/protections.ts'
import { rulesTakenOut } from '../marbles/rules-taken-out.ts'
import { mutants } from './mutants.ts'
import type { Patch } from './patch-engine.ts'

const sets: readonly (readonly [string, readonly (readonly [string, readonly Patch[]])[]])[] = [
  ['the explorer and the lifecycles', mutants.map(({ name, patches = [] }) => [name, patches])],
  ['the diagrams', rulesTakenOut.map(([name, ...patches]) => [name, patches])],
  ['the adversary', protections.map(({ name, patches }) => [name, patches])],
]

// The runs that apply them all take minutes; that each still has its place is seen at once.
describe.each(sets)('what is taken out for %s', (_, patched) => {
  it.each(patched)('%s', (_, patches) => {
    const found = patches.map(({ file, find }) => readFileSync(`src/${file}`, 'utf8').split(find).length - 1)
    expect(found).toEqual(patches.map(() => 1))
  })
})
