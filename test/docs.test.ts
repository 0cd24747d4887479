import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const readme = readFileSync('README.md', 'utf8')
const quotes = [...readme.matchAll(/<!-- (\S+) -->\n```\w*\n([\s\S]*?)\n```/g)]
const links = [...readme.matchAll(/\]\((?!https?:|#)([^)]+)\)/g)]

describe('the README', () => {
  it('quotes files', () => {
    expect(quotes.length).toBeGreaterThanOrEqual(3)
    expect(readme.match(/```ts/g)).toHaveLength(quotes.filter(([, file]) => file?.endsWith('.ts')).length)
  })

  it.each(quotes.map(([, file, text]) => [file as string, text as string]))(
    'quotes %s as it is',
    (file, text) => {
      expect(readFileSync(file, 'utf8')).toContain(text)
    },
  )

  it('links to what is there', () => {
    for (const [, path] of links) expect(existsSync(path as string), path).toBe(true)
    for (const [, path] of readme.matchAll(/`((?:src|test|marbles|docs|examples|bench)\/[\w./-]*)`/g)) {
      expect(existsSync(path as string), path).toBe(true)
    }
  })

  const run = (file: string): string[] =>
    execFileSync(process.execPath, ['--import', './test/run-sources.mjs', file], { encoding: 'utf8' })
      .trim()
      .split('\n')

  it('has a first example that does what it says', () => {
    expect(run('examples/first-alarm.ts')).toEqual(['brewing', 'delivered', 'tea is ready', 'done'])
  })

  it('has an example of an own store that does what it says', () => {
    expect(run('examples/own-store.ts').at(-1)).toBe('30000 30000')
  })
})
