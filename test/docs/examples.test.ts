import { globSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import * as otelApi from '@opentelemetry/api'
import { Cron } from 'croner'
import * as nolater from 'nolater'
import * as durableObject from 'nolater/durable-object'
import * as marbles from 'nolater/marbles'
import * as otel from 'nolater/otel'
import * as page from 'nolater/page'
import * as postgres from 'nolater/postgres'
import * as sqlite from 'nolater/sqlite'
import * as summaries from 'nolater/summaries'
import * as vitestKit from 'nolater/vitest'
import * as rxjs from 'rxjs'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { exampleScope } from './example-scope.ts'
import { compilerOptions } from './public-entries.ts'

/** By something that they say: those that cannot be run here, and why. Their types are checked all the same. */
const notRun: readonly (readonly [string, string])[] = [
  ['postgresManager(', 'needs a server'],
  ['postgresStore(', 'needs a server'],
  ['postgresFleet(', 'needs a server'],
  ['describeManager(', 'registers tests, which a test cannot do'],
  ['toMatchMarblesInlineSnapshot(', 'is what `vitest -u` has not written yet'],
]
const isRun = ({ code }: Example): boolean => !notRun.some(([says]) => code.includes(says))

interface Example {
  readonly file: string
  readonly line: number
  readonly code: string
}

/** Every block of TypeScript in a doc comment. */
const examples: readonly Example[] = globSync('src/**/*.ts').flatMap((file) => {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(/^ *\* ```ts\n((?: *\*.*\n)*?) *\* ```$/gm)].map((found) => ({
    file,
    line: text.slice(0, found.index).split('\n').length,
    code: found[1]!.replace(/^ *\* ?/gm, ''),
  }))
})

const modules: Readonly<Record<string, object>> = {
  rxjs,
  nolater,
  'nolater/durable-object': durableObject,
  'nolater/marbles': marbles,
  'nolater/otel': otel,
  'nolater/page': page,
  'nolater/postgres': postgres,
  'nolater/sqlite': sqlite,
  'nolater/summaries': summaries,
  'nolater/vitest': vitestKit,
  '@opentelemetry/api': otelApi,
  croner: { Cron },
  'node:http': { createServer },
  vitest: { expect },
}
const types: Readonly<Record<string, readonly string[]>> = {
  nolater: ['Fleet'],
  'nolater/durable-object': ['ObjectWakeup'],
  'nolater/vitest': ['MarbleRun', 'MarbleSource'],
}
const scope = exampleScope()

/** The names that an example makes itself, at its top. */
function ownNames(code: string): Set<string> {
  const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2023)
  const names = new Set<string>()
  const add = (name: ts.BindingName): void => {
    if (ts.isIdentifier(name)) names.add(name.text)
    else for (const each of name.elements) if (ts.isBindingElement(each)) add(each.name)
  }
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement))
      for (const { name } of statement.declarationList.declarations) add(name)
    if (ts.isFunctionDeclaration(statement) && statement.name) names.add(statement.name.text)
  }
  return names
}

const isUsed = (code: string, name: string): boolean =>
  new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(code)
const withoutImports = (code: string): string => code.replace(/^import .*\n/gm, '')

/** What an example needs from outside, by where it comes from. */
function needs({ code }: Example): { from: string; names: string[] }[] {
  const own = ownNames(code)
  const seen = new Set(own)
  const all: [string, readonly string[]][] = [
    ['scope', Object.keys(scope)],
    ...Object.entries(modules).map(([from, module]): [string, string[]] => [from, Object.keys(module)]),
    ...Object.entries(types).map(([from, names]): [string, readonly string[]] => [from, names]),
  ]
  return all.map(([from, candidates]) => {
    const names = candidates.filter((name) => !seen.has(name) && isUsed(withoutImports(code), name))
    for (const name of names) seen.add(name)
    return { from, names }
  })
}

/** The example as a module that the compiler can read. */
function asModule(example: Example): string {
  const heads = needs(example)
    .filter(({ names }) => names.length > 0)
    .map(({ from, names }) =>
      from === 'scope'
        ? names
            .map((name) => `declare const ${name}: import('./example-scope.ts').ExampleScope['${name}']`)
            .join(';')
        : `import { ${names.map((name) => (types[from]?.includes(name) ? `type ${name}` : name)).join(', ')} } from '${from}'`,
    )
  return `${heads.join(';')};import 'nolater/vitest'\n${withoutImports(example.code)}\nexport {}\n`
}

/** What the compiler says of all of them, by file name. */
function complaints(): Map<string, string[]> {
  const folder = `${process.cwd()}/test/docs`
  const files = new Map(examples.map((example, i) => [`${folder}/example-${i}.ts`, asModule(example)]))
  const host = ts.createCompilerHost(compilerOptions)
  const { readFile, fileExists, getSourceFile } = host
  host.readFile = (name) => files.get(name) ?? readFile.call(host, name)
  host.fileExists = (name) => files.has(name) || fileExists.call(host, name)
  host.getSourceFile = (name, language, ...more) => {
    const text = files.get(name)
    return text === undefined
      ? getSourceFile.call(host, name, language, ...more)
      : ts.createSourceFile(name, text, language)
  }
  // As most users have it: an option that is given as undefined is one that is not given.
  const options = { ...compilerOptions, exactOptionalPropertyTypes: false }
  const program = ts.createProgram([...files.keys()], options, host)
  return new Map(
    [...files.keys()].map((name) => {
      const source = program.getSourceFile(name)!
      const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
      return [name, found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))]
    }),
  )
}

/** Runs an example; what it prints. */
async function run(example: Example): Promise<string[]> {
  const given = { ...exampleScope() } as Record<string, unknown>
  const values = needs(example)
    .filter(({ names }) => names.length > 0)
    .flatMap(({ from, names }) => {
      const module = (from === 'scope' ? given : modules[from]) as Record<string, unknown>
      return names.filter((name) => name in module).map((name): [string, unknown] => [name, module[name]])
    })
  const lines: string[] = []
  const quiet = { log: (...what: unknown[]) => lines.push(what.join(' ')) }
  const code = ts.transpile(withoutImports(example.code), { target: ts.ScriptTarget.ES2023 })
  const AsyncFunction = (async () => {}).constructor as new (
    ...parts: string[]
  ) => (...args: unknown[]) => Promise<void>
  await new AsyncFunction('console', ...values.map(([name]) => name), code)(
    quiet,
    ...values.map(([, value]) => value),
  )
  await exampleClockRuns(given.clock as marbles.VirtualClock)
  return lines
}

/** What an example has begun goes on for a while. */
async function exampleClockRuns(clock: marbles.VirtualClock): Promise<void> {
  await clock.advanceAsync(10_000)
}

describe('the examples in doc comments', () => {
  it('are many', () => {
    expect(examples.length).toBeGreaterThan(40)
  })

  it('have right types', { timeout: 60_000 }, () => {
    const wrong = [...complaints().values()].flatMap((messages, i) =>
      messages.map((message) => `${examples[i]!.file}:${examples[i]!.line} ${message}`),
    )
    expect(wrong).toEqual([])
  })

  it.each(examples.filter(isRun))('$file:$line runs', async (example) => {
    await expect(run(example)).resolves.toBeInstanceOf(Array)
  })

  it.each(['classify-moves', 'gate', 'latest-when', 'virtual-clock'])(
    '%s prints what it says',
    async (name) => {
      const example = examples.find(({ file }) => file.endsWith(`/${name}.ts`))!
      const said = (await run(example)).map((line) => line.replace(/ $/, ' null')).join(', ')
      expect(example.code).toContain(`// ${said}\n`)
    },
  )

  it.each(notRun)('%s is still what cannot be run: it %s', (says) => {
    expect(examples.some(({ code }) => code.includes(says))).toBe(true)
  })
})
