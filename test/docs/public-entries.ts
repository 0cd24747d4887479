import { readFileSync } from 'node:fs'
import ts from 'typescript'

/** The sources behind package.json's exports, by the name that users import. */
export const entries: ReadonlyMap<string, string> = new Map(
  Object.keys(JSON.parse(readFileSync('package.json', 'utf8')).exports as Record<string, unknown>)
    .filter((subpath) => !subpath.endsWith('.json'))
    .map((subpath) => [`nolater${subpath.slice(1)}`, sourceOf(subpath.slice(2))]),
)

function sourceOf(name: string): string {
  const above = { otel: 'telemetry/', summaries: 'telemetry/', page: 'operating/' }[name] ?? ''
  return `src/${above}${name === '' ? '' : `${name}/`}index.ts`
}

export interface PublicName {
  readonly entry: string
  readonly name: string
  readonly isFunction: boolean
  /** its comment, without the examples */
  readonly comment: string
  /** the examples in it */
  readonly examples: readonly string[]
}

const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile)
export const compilerOptions: ts.CompilerOptions = {
  ...ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, process.cwd()).options,
  noUnusedLocals: false,
  noUnusedParameters: false,
}

/** Every exported name of every entry. */
export function publicNames(program: ts.Program): PublicName[] {
  const checker = program.getTypeChecker()
  return [...entries].flatMap(([entry, file]) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!
    return checker.getExportsOfModule(module).map((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      const text = ts.displayPartsToString(symbol.getDocumentationComment(checker))
      return {
        entry,
        name: exported.getName(),
        isFunction: (symbol.flags & ts.SymbolFlags.Function) !== 0,
        comment: text.replace(/```[\s\S]*?```/g, '').trim(),
        examples: [...text.matchAll(/```ts\n([\s\S]*?)\n```/g)].map(([, code = '']) => code),
      }
    })
  })
}
