import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/**
 * The subject of a sentence is the thing, never a person, and its verb is RxJS's or a database's: subscribe, emit, notify, flush, lease, claim,
 * acknowledge, enqueue.
 */
const words = new RegExp(
  [
    'who|whom|whoever|whomever|nobody|somebody|anybody|everybody|anyone|someone|everyone',
    'hears?|heard|unheard|told|soil|bury|stir|sayings?|lookers?',
    'anew|whatever|forever|for ever|thousand million',
  ]
    .map((group) => `\\b(?:${group})\\b`)
    .join('|'),
  'gi',
)

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'marbles/README.md',
  'bench/README.md',
  'examples/README.md',
  ...globSync('docs/**/*.md'),
]
const sources = globSync('src/**/*.ts')
const diagrams = globSync('marbles/*.marbles')

/** What may stay, and why. */
const exceptions: readonly (readonly [file: string, phrase: RegExp, why: string])[] = [
  ['CONTRIBUTING.md', /the user `nobody`/, 'the name of a user of the system'],
  ...diagrams.map((file) => [file, /^from .*/m, 'quotes the name that it has elsewhere'] as const),
]

/** A name is read as its words, `heardAt` as heard at, and a sentence over the end of its line. */
function faultsOf(text: string): string[] {
  const read = text.replace(/([a-z])(?=[A-Z])/g, '$1 ').replace(/\n\s*(?:\*|\/\/|#)?\s*/g, ' ')
  return read.match(words) ?? []
}

function found(file: string): string[] {
  const of = exceptions.filter(([excepted]) => excepted === file)
  const text = of.reduce((rest, [, phrase]) => rest.replace(phrase, ''), readFileSync(file, 'utf8'))
  return faultsOf(text).map((word) => `${file}: ${word}`)
}

describe('the language', () => {
  it.each(pages)('of %s is about things', (page) => {
    expect(found(page)).toEqual([])
  })

  it.each([
    ['the sources, in comments, names and messages', sources, 200],
    ['the diagrams', diagrams, 100],
  ])('of %s is about things', (_, files, least) => {
    expect(files.length).toBeGreaterThan(least)
    expect(files.flatMap(found)).toEqual([])
  })

  it.each([
    ['nobody waits', 1],
    ['whoever hears of it, for\n * ever', 3],
    ['const heardAt = told(LOOKERS)', 3],
    ['the whole of what has told apart itself', 1],
    ['the whole day of an heir', 0],
  ])('is looked at word by word: %s', (text, faults) => {
    expect(faultsOf(text)).toHaveLength(faults)
  })

  it('has no exception that is not needed', () => {
    const [first] = exceptions
    expect(readFileSync(first![0], 'utf8')).toMatch(first![1])
  })
})

const linesOf = (page: string): number => readFileSync(page, 'utf8').trimEnd().split('\n').length

describe('what is to be read', () => {
  it('is short: the README, the proof, and all guides together', () => {
    expect(linesOf('README.md')).toBeLessThanOrEqual(150)
    expect(linesOf('docs/proof.md')).toBeLessThanOrEqual(240)
    expect(globSync('docs/*.md').reduce((sum, page) => sum + linesOf(page), 0)).toBeLessThanOrEqual(2_700)
  })
})
