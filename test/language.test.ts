import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/**
 * The subject of a sentence is the thing, never a person, and its verb is RxJS's or a database's: subscribe, emit, notify, flush, lease, claim,
 * acknowledge, enqueue. A name is read as its words: `heardAt` as heard at.
 */
const persons =
  /\b(?:who|whom|whoever|whomever|nobody|somebody|anybody|everybody|anyone|someone|everyone)\b/gi
const verbs = /\b(?:hears?|heard|unheard|told|soil|soiled|bury|stir|sayings?|lookers?)\b/gi
const quaint = /\b(?:anew|whatever|forever|for ever|thousand million)\b/gi

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'marbles/README.md',
  'bench/README.md',
  'examples/README.md',
  ...globSync('docs/**/*.md'),
]

/** What may stay, and why. */
const exceptions: readonly (readonly [file: string, phrase: string, why: string])[] = [
  ['CONTRIBUTING.md', 'the user `nobody`', 'the name of a user of the system'],
]

/** What is found in a text, each with the line that it is on. */
function found(file: string): string[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, at) => {
      const rest = exceptions.reduce(
        (text, [of, phrase]) => (of === file ? text.replaceAll(phrase, '') : text),
        line,
      )
      const words = rest.replace(/([a-z])(?=[A-Z])/g, '$1 ')
      return [persons, verbs, quaint]
        .flatMap((pattern) => words.match(pattern) ?? [])
        .map((word) => `${file}:${at + 1} ${word}`)
    })
}

describe('the language', () => {
  it.each(pages)('of %s is about things', (page) => {
    expect(found(page)).toEqual([])
  })

  it('has no exception that is not needed', () => {
    const unused = exceptions.filter(([file, phrase]) => !readFileSync(file, 'utf8').includes(phrase))
    expect(unused).toEqual([])
  })
})

describe('the README', () => {
  it('has at most 150 lines', () => {
    expect(readFileSync('README.md', 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(150)
  })
})
