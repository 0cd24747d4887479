import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import type { Patch } from './patch-engine.ts'
import { patchedSets } from './patched-sets.ts'

// A name that is not there, a member that is not there, in several words; too few arguments.
const CODES = new Set([2304, 2339, 2551, 2552, 2554])
/** Kept on purpose where the engine keeps no such thing, or read where a rule has no business to look. */
const added = /'(parked|committing)'/

/** What patched sources name that is not there. */
function openChecker() {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile)
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd())
  const sources = fileNames.filter((name) => name.includes('/src/'))
  const patched = new Map<string, string>()
  const versions = new Map<string, number>()
  const textOf = (name: string): string | undefined => patched.get(name) ?? ts.sys.readFile(name)
  const { fileExists, readFile, directoryExists, getDirectories } = ts.sys
  const service = ts.createLanguageService({
    fileExists,
    readFile,
    directoryExists,
    getDirectories,
    getScriptFileNames: () => sources,
    getScriptVersion: (name) => String(versions.get(name) ?? 0),
    getScriptSnapshot(name) {
      const text = textOf(name)
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text)
    },
    getCurrentDirectory: () => process.cwd(),
    getCompilationSettings: () => options,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
  })
  const put = (name: string, text: string | null): void => {
    if (text === null) patched.delete(name)
    else patched.set(name, text)
    versions.set(name, (versions.get(name) ?? 0) + 1)
  }
  return (patches: readonly Patch[]): string[] => {
    const names = new Set<string>()
    for (const patch of patches) {
      const name = join(process.cwd(), 'src', patch.file)
      names.add(name)
      put(name, (patched.get(name) ?? readFileSync(name, 'utf8')).split(patch.find).join(patch.put))
    }
    const faults = [...names].flatMap((name) => service.getSemanticDiagnostics(name))
    for (const name of names) put(name, null)
    return faults
      .filter(({ code }) => CODES.has(code))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
      .filter((text) => !added.test(text))
  }
}

// A broken engine that throws for want of a name would be caught for that, and not for what it is to show.
describe.each(patchedSets)('what is taken out for %s names nothing that is not there', (_, patched) => {
  const faultsOf = openChecker()
  it.each(patched)('%s', { timeout: 60_000 }, (_, patches) => {
    expect(faultsOf(patches)).toEqual([])
  })
})
