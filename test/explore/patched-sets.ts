import { protections } from '../fuzz/protections.ts'
import { rulesTakenOut } from '../marbles/rules-taken-out.ts'
import { mutants } from './mutants.ts'
import type { Patch } from './patch-engine.ts'

type Patched = readonly [name: string, patches: readonly Patch[]]

/** All that is taken out of the sources on purpose, by what it is taken out for. */
export const patchedSets: readonly (readonly [string, readonly Patched[]])[] = [
  ['the explorer and the lifecycles', mutants.map(({ name, patches = [] }) => [name, patches])],
  ['the diagrams', rulesTakenOut.map(([name, ...patches]) => [name, patches])],
  ['the adversary', protections.map(({ name, around = [], patches }) => [name, [...around, ...patches]])],
]
