// Draws the diagrams of marbles/: in the terminal, as pictures, and where a page shows them. `npm run marbles -- --help` says how.
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { AlarmError, type AlarmErrorCode } from 'nolater'
import { drawTimeline, recordTimeline, runMarbles } from 'nolater/marbles'
import { concat, from, NEVER, throwError } from 'rxjs'

const shown = 'docs/marbles'
const refused = 'whatever is asked from here on is refused'

const usage = `npm run marbles -- [folder] [--timeline] [--check]

Prints every diagram, draws it to <folder> (default ${shown}/all, which git ignores), and puts README.md and docs/ in order:
their pictures in ${shown}, and the files that they quote.

  --timeline   prints beside each diagram what happened when it was run
  --check      writes nothing; names what is not current, and then exits with 1
`

/** What really happened when the diagram was run, not what it says. */
function draw(name: string, format: 'ascii' | 'svg'): string {
  const { expected, seen, events } = runMarbles(readFileSync(`marbles/${name}.marbles`, 'utf8'))
  const life = seen.lanes.find((lane) => lane.name === 'life')
  const isBroken = life?.spans.at(-1)?.at(-1)?.marks === '#'
  // Where the ruler ends, an alarm that is not broken goes on.
  const end$ = isBroken ? throwError(() => new AlarmError(seen.broken as AlarmErrorCode, refused)) : NEVER
  const { timeline } = recordTimeline(concat(from(events), end$))
  return drawTimeline(timeline, { format, title: expected.title })
}

/** A file as a page quotes it; of a diagram, its lanes. */
function quoted(file: string): string {
  const text = readFileSync(file, 'utf8').trimEnd()
  return file.endsWith('.marbles') ? text.split('\n\n')[1]! : text
}

/** What README.md, docs/ and the pictures in it must hold, by path. */
export function currentPages(): Map<string, string> {
  const current = new Map<string, string>()
  for (const page of ['README.md', ...globSync('docs/**/*.md')]) {
    const text = readFileSync(page, 'utf8')
    const put = text.replace(
      /(<!-- ((?:marbles|examples)\/\S+) -->\n```\w*\n)[\s\S]*?(?=\n```)/g,
      (_, head: string, file: string) => head + quoted(file),
    )
    current.set(page, put)
    for (const [, name] of text.matchAll(/\bmarbles\/([\w-]+)\.svg\b/g)) {
      current.set(`${shown}/${name}.svg`, draw(name!, 'svg'))
    }
  }
  return current
}

/** The pages and pictures that are not what they must be, and the pictures that no page shows. */
export function notCurrent(): string[] {
  const current = currentPages()
  const isCurrent = (file: string): boolean =>
    existsSync(file) && readFileSync(file, 'utf8') === current.get(file)
  const unused = globSync(`${shown}/*.svg`).filter((file) => !current.has(file))
  return [...[...current.keys()].filter((file) => !isCurrent(file)), ...unused]
}

function print(name: string, withTimeline: boolean): void {
  const text = readFileSync(`marbles/${name}.marbles`, 'utf8').trimEnd()
  console.log(`${'─'.repeat(100)}\nmarbles/${name}.marbles\n\n${text}\n`)
  if (withTimeline) console.log(`${draw(name, 'ascii')}\n`)
}

function main(): void {
  const { values, positionals } = parseArgs({
    options: { check: { type: 'boolean' }, timeline: { type: 'boolean' }, help: { type: 'boolean' } },
    allowPositionals: true,
  })
  if (values.help) {
    console.log(usage)
    return
  }
  if (values.check) {
    const stale = notCurrent()
    for (const file of stale) console.error(`${file} is not current, or shown by no page: npm run marbles`)
    process.exitCode = stale.length > 0 ? 1 : 0
    return
  }
  const folder = positionals[0] ?? `${shown}/all`
  const names = readdirSync('marbles')
    .filter((file) => file.endsWith('.marbles'))
    .map((file) => basename(file, '.marbles'))
  mkdirSync(folder, { recursive: true })
  for (const name of names) {
    print(name, values.timeline === true)
    writeFileSync(join(folder, `${name}.svg`), draw(name, 'svg'))
  }
  const stale = notCurrent()
  for (const [file, text] of currentPages()) if (stale.includes(file)) writeFileSync(file, text)
  const unused = notCurrent()
  const written = stale.filter((file) => !unused.includes(file))
  console.log(
    `${names.length} diagrams, drawn to ${folder}. Brought up to date: ${written.join(', ') || 'nothing'}`,
  )
}

if (import.meta.main) main()
