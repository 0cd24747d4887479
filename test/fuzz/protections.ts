import { mutants } from '../explore/mutants.ts'
import type { Patch } from '../explore/patch-engine.ts'

/** The library with one protection taken out. A patch whose text is gone fails: it goes with what it protected. */
export interface Protection {
  readonly name: string
  readonly patches: readonly Patch[]
}

export const own: readonly Protection[] = []

/** Those of the explorer besides, where the sources are what is changed. */
export const protections: readonly Protection[] = [
  ...own,
  ...mutants.flatMap(({ name, patches }) => (patches === undefined ? [] : [{ name, patches }])),
]
