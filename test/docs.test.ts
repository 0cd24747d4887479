import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { awaitProcess } from '../examples/processes/await-process.ts'
import { runNode } from './run-node.ts'

const pages = [
  '*.md',
  'docs/**/*.md',
  'marbles/*.md',
  'examples/**/*.md',
  'bench/*.md',
  '.github/**/*.md',
].flatMap((pattern) => globSync(pattern).filter((file) => !file.includes('node_modules')))

/** Their snippets are run by tests of their own. */
const runElsewhere = ['docs/telemetry.md', 'docs/backup-and-restore.md']

const textOf = (page: string): string => readFileSync(page, 'utf8')
const headingsOf = (page: string): string[] =>
  [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

describe.each(pages)('%s', (page) => {
  const text = textOf(page)
  const quotes = [...text.matchAll(/<!-- (?:part of )?(\S+) -->\n```\w*\n([\s\S]*?)\n```/g)]

  it('quotes files as they are', () => {
    for (const [, file = '', quoted = ''] of quotes) {
      // A part may stand further to the left than in its file; parts of a part are told apart by a line `// ...`.
      const parts = quoted.split(/\n*^ *\/\/ \.\.\.$\n*/m)
      const source = readFileSync(file, 'utf8')
      for (const part of parts) {
        const places = [0, 2, 4, 6, 8, 10].map((columns) => part.replace(/^(?=.)/gm, ' '.repeat(columns)))
        expect(
          places.some((place) => source.includes(place)),
          `${page} quotes ${file}:\n${part}`,
        ).toBe(true)
      }
    }
    // What is not quoted from a file that a test runs would rot. A template's is to be written over.
    const isFree = page.startsWith('.github') || runElsewhere.includes(page)
    const snippets = isFree ? [] : (text.match(/```ts\n/g) ?? [])
    expect(quotes.filter(([, file = '']) => /\.tsx?$/.test(file)).length).toBeGreaterThanOrEqual(
      snippets.length,
    )
  })

  it('links to what is there', () => {
    const missing: string[] = []
    for (const [link, path = '', anchor] of text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)) {
      const target = path === '' ? page : join(dirname(page), path)
      const isThere = existsSync(target) && (anchor === undefined || headingsOf(target).includes(anchor))
      if (!isThere) missing.push(link)
    }
    for (const [, path = ''] of text.matchAll(/`((?:src|test|marbles|docs|examples|bench)\/[\w./-]*)`/g)) {
      if (!existsSync(path) && !existsSync(join(dirname(page), path))) missing.push(path)
    }
    expect(missing).toEqual([])
  })
})

describe('the first examples do what the README says', () => {
  const folder = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'nolater-examples-'))
    onTestFinished(() => rmSync(path, { recursive: true, force: true }))
    return path
  }
  const run = (file: string, cwd = folder()): string[] =>
    runNode([resolve('examples', file)], { cwd })
      .trim()
      .split('\n')

  it('on SQLite: it may be killed and started again', { timeout: 60_000 }, async () => {
    const cwd = folder()
    const args = ['--import', resolve('test/run-sources.mjs'), resolve('examples/first-alarm.ts')]
    const first = spawn(process.execPath, args, { cwd })
    onTestFinished(() => void first.kill('SIGKILL'))
    const gone = once(first, 'exit')
    const [said] = await awaitProcess(first, 'its first line', once(first.stdout, 'data'), 15_000)
    first.kill('SIGKILL')
    await gone
    expect(String(said)).toBe('brewing\n')
    expect(run('first-alarm.ts', cwd)).toEqual(['tea is ready'])
    expect(run('first-alarm.ts', cwd)).toEqual(['brewing', 'tea is ready'])
  })

  it('with a store of your own', () => {
    expect(run('own-store.ts')).toEqual(['30000 30000'])
  })
})
