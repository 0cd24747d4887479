// node test/build/public-types.mjs            compares the types of the build with public-types/*.txt
// node test/build/public-types.mjs --write    writes them anew: a change of the API is then seen in review
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

process.chdir(fileURLToPath(new URL('../..', import.meta.url)))
const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
const entries = Object.entries(exports)
  .map(([subpath, entry]) => [
    subpath === '.' ? 'nolater' : subpath.slice(2),
    entry.import?.types ?? entry.types,
  ])
  .filter(([, types]) => types !== undefined)

const program = ts.createProgram(
  entries.map(([, types]) => types),
  { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2023, strict: true, noEmit: true },
)
const checker = program.getTypeChecker()
const printer = ts.createPrinter({ removeComments: true })

/** Each exported name with its declaration, without comments and without private members. */
function publicTypes(file) {
  const source = program.getSourceFile(file)
  const names = checker.getExportsOfModule(checker.getSymbolAtLocation(source))
  return names
    .map((name) => [
      name.getName(),
      name.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(name) : name,
    ])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, symbol]) => `// ${name}\n${(symbol.declarations ?? []).map(print).join('\n')}\n`)
    .join('\n')
}

function print(declaration) {
  const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration
  const file = node.getSourceFile()
  if (file.fileName.includes('node_modules')) return `from ${file.fileName.replace(/.*node_modules\//, '')}`
  return printer
    .printNode(ts.EmitHint.Unspecified, node, file)
    .replace(/^(?:declare |export )+/gm, '')
    .replace(/^ {4}private .*\n/gm, '')
}

let isSame = true
for (const [name, types] of entries) {
  const golden = `test/build/public-types/${name}.txt`
  const now = publicTypes(types)
  if (process.argv.includes('--write')) {
    mkdirSync(dirname(golden), { recursive: true })
    writeFileSync(golden, now)
  } else if (!existsSync(golden) || readFileSync(golden, 'utf8') !== now) {
    isSame = false
    console.error(
      `public-types: the API of ${name} has changed. If it is meant to: npm run public-types -- --write`,
    )
  }
}
if (!isSame) process.exit(1)
console.log(`public-types: ${entries.length} entries declare what they did`)
