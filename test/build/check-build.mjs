// Reads the build as a user's Node does: every promise of package.json's `exports` is kept, by `import` and by
// `require`, with one copy of AlarmError, and with nothing inside that is not ours.
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

process.chdir(fileURLToPath(new URL('../..', import.meta.url)))
const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const require = createRequire(import.meta.url)
const problems = []

async function check(what, run) {
  try {
    await run()
  } catch (error) {
    problems.push(`${what}: ${error.message}`)
  }
}

const filesOf = (entry) => (typeof entry === 'string' ? [entry] : Object.values(entry).flatMap(filesOf))

const namesIn = (module) =>
  Object.keys(module)
    .filter((name) => !['default', 'module.exports', '__esModule'].includes(name))
    .sort()

for (const [subpath, entry] of Object.entries(manifest.exports)) {
  const missing = filesOf(entry).filter((file) => !existsSync(file))
  for (const file of missing) problems.push(`${subpath}: ${file} is not in the build`)
  if (missing.length > 0 || subpath.endsWith('.json')) continue

  const specifier = manifest.name + subpath.slice(1)
  await check(specifier, async () => {
    const imported = namesIn(await import(specifier))
    assert(imported.length > 0, 'exports nothing')
    assert.deepEqual(namesIn(require(specifier)), imported, 'require and import give different names')
  })
}

const peers = Object.keys(manifest.peerDependencies)
const allowed = (specifier) =>
  /^(?:\.\.?\/|node:)/.test(specifier) ||
  peers.some((peer) => specifier === peer || specifier.startsWith(`${peer}/`))

for (const pattern of ['dist/**/*.js', 'dist/**/*.cjs']) {
  const files = globSync(pattern).map((file) => ({ file, code: readFileSync(file, 'utf8') }))
  for (const { file, code } of files) {
    const imports = ts.preProcessFile(code, true, true).importedFiles.map(({ fileName }) => fileName)
    for (const specifier of imports.filter((specifier) => !allowed(specifier))) {
      const reason = isBuiltin(`node:${specifier}`) ? 'has lost its node: prefix' : 'is not a peer dependency'
      problems.push(`${file}: '${specifier}' ${reason}`)
    }
    if (/\b(?:class|var|function) Subscriber\b/.test(code)) problems.push(`${file}: RxJS is bundled`)
  }
  const copies = files.filter(({ code }) =>
    /\b(?:class AlarmError|AlarmError = (?:\(\w+ = )?class)\b/.test(code),
  )
  if (copies.length !== 1) {
    problems.push(`${pattern}: AlarmError is in ${copies.length} files instead of one, so instanceof fails`)
  }
}

if (problems.length > 0) {
  console.error(problems.map((problem) => `check-build: ${problem}`).join('\n'))
  process.exit(1)
}
console.log(`check-build: every entry loads by import and by require on Node ${process.versions.node}`)
