import { globSync } from 'node:fs'
import ts from 'typescript'
import { compilerOptions, publicNames } from '../public-entries.ts'

/** A doc comment, and what it is about. */
export interface Commented {
  /** with the name of its interface, such as `Alarm.deliver` */
  readonly name: string
  readonly isPublic: boolean
  /** takes or returns a stream of values */
  readonly isOperator: boolean
  readonly text: string
  /** its blocks without a language */
  readonly pictures: readonly string[]
}

/** Every doc comment in src/: of what stands in a file, and of what stands in an interface. */
export function docComments(): Commented[] {
  const program = ts.createProgram(globSync('src/**/*.ts'), compilerOptions)
  const published = new Set(publicNames(program).map(({ name }) => name))
  return globSync('src/**/*.ts').flatMap((file) =>
    program.getSourceFile(file)!.statements.flatMap((top) => {
      const members = ts.isInterfaceDeclaration(top) ? top.members : []
      return [top, ...members].map((node) => {
        const name = node === top ? nameOf(top) : `${nameOf(top)}.${nameOf(node)}`
        return {
          ...commentOf(node),
          name,
          isPublic: published.has(nameOf(top)),
          isOperator: isOperator(node),
        }
      })
    }),
  )
}

const nameOf = (node: ts.Node): string => (node as { name?: ts.Node }).name?.getText() ?? ''

function commentOf(node: ts.Node): Pick<Commented, 'text' | 'pictures'> {
  const comments = ts.getJSDocCommentsAndTags(node).map((each) => each.getText())
  const text = comments.join('\n').replace(/^[ /]*\*\*?[ /]?/gm, '')
  return { text, pictures: [...text.matchAll(/^```\n([\s\S]*?)\n```$/gm)].map(([, block = '']) => block) }
}

/** What never emits has nothing to draw. */
function isOperator(node: ts.Node): boolean {
  if (!ts.isFunctionDeclaration(node) && !ts.isMethodSignature(node)) return false
  const types = [node, ...node.parameters].map(({ type }) => type?.getText() ?? '')
  return types.some((type) => /^((MonoType)?OperatorFunction|Observable|Awaitable)<(?!never\b)/.test(type))
}
