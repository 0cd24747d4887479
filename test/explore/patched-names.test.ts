import { dirname, join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { type Patch, patchedTexts } from './patch-engine.ts'
import { patchedSets } from './patched-sets.ts'

// A name that is not there, a member that is not there, in several words; too few arguments.
const CODES = new Set([2304, 2339, 2551, 2552, 2554])
/** Kept on purpose where the engine keeps no such thing, or read where a rule has no business to look. */
const added = /'(parked|committing)'/

const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile)
const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd())
const sources = fileNames.filter((name) => name.includes('/src/'))

// Each stands beside the file that it was made from, so that all of them are checked as one program.
const copies = new Map<string, string>()

/** Makes copies of the files that are patched, which import one another; their names. */
function copyPatched(patches: readonly Patch[], suffix: string): string[] {
  const texts = patchedTexts(patches)
  const copyOf = (name: string): string => name.replace(/\.ts$/, `.${suffix}.ts`)
  return [...texts].map(([name, text]) => {
    const copy = copyOf(name)
    copies.set(
      copy,
      text.replace(/(?<=from ')\.[^']+(?=')/g, (path) =>
        texts.has(join(dirname(name), path)) ? copyOf(path) : path,
      ),
    )
    return copy
  })
}

const cases = patchedSets.flatMap(([set, patched], i) =>
  patched.map(
    ([name, patches], j) => [`${name}, taken out for ${set}`, copyPatched(patches, `${i}-${j}`)] as const,
  ),
)
const host = ts.createCompilerHost(options)
const { readFile, fileExists } = host
host.readFile = (name) => copies.get(name) ?? readFile(name)
host.fileExists = (name) => copies.has(name) || fileExists(name)
const program = ts.createProgram([...sources, ...copies.keys()], options, host)

/** What they name that is not there. */
const faultsOf = (names: readonly string[]): string[] =>
  names
    .flatMap((name) => program.getSemanticDiagnostics(program.getSourceFile(name)))
    .filter(({ code }) => CODES.has(code))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
    .filter((text) => !added.test(text))

// A broken engine that throws for want of a name would be caught for that, and not for what it is to show.
describe('nothing is named that is not there', { timeout: 120_000 }, () => {
  it.each(cases)('%s', (_, names) => {
    expect(faultsOf(names)).toEqual([])
  })
})
