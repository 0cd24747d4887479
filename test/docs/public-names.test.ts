import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { compilerOptions, entries, publicNames } from './public-entries.ts'

/** Functions whose comment needs no example, and why: none so far. */
const withoutExample: readonly string[] = []

const names = publicNames(ts.createProgram([...entries.values()], compilerOptions))

describe('every public name', () => {
  it('is found', () => {
    expect(names.length).toBeGreaterThan(140)
    expect(new Set(names.map(({ entry }) => entry)).size).toBe(entries.size)
  })

  it('has a doc comment', () => {
    const bare = names.filter(({ comment }) => comment === '').map(({ name }) => name)
    expect(bare).toEqual([])
  })

  it('has one that begins with a sentence: a capital, and a full stop or colon before the first blank line', () => {
    const odd = names.filter(({ comment }) => {
      const [first = ''] = comment.split(/\n\s*\n/)
      return comment !== '' && !(/^[A-Z`]/.test(first) && /[.:]$/.test(first.trim()))
    })
    expect(odd.map(({ entry, name }) => `${entry} ${name}`)).toEqual([])
  })

  it('shows an example, if it is a function', () => {
    const bare = names.filter(({ isFunction, examples }) => isFunction && examples.length === 0)
    expect(bare.map(({ name }) => name)).toEqual(withoutExample)
    expect(names.filter(({ isFunction }) => isFunction).length).toBeGreaterThanOrEqual(38)
  })
})
