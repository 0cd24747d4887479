import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { checkMarbles, parseMarbles, printMarbles } from '../../src/marbles/index.ts'
import { laneKinds } from '../../src/marbles/scenario/format.ts'
import { headerLines } from '../../src/marbles/scenario/header.ts'

const folder = new URL('../../marbles/', import.meta.url)
const files = readdirSync(folder).filter((file) => file.endsWith('.marbles'))
const scenarios = files.map((file) => {
  const text = readFileSync(new URL(file, folder), 'utf8')
  const [, title = 'a scenario without a title'] = text.match(/^title +(.*)/m) ?? []
  return { file, title, text }
})

describe('marbles/', () => {
  for (const { file, title, text } of scenarios) {
    it(`${title} (${file})`, () => {
      const { seen } = checkMarbles(text)
      expect(printMarbles(seen)).toBe(text)
    })
  }

  it('has its diagrams in the one canonical form', () => {
    for (const { text } of scenarios) expect(printMarbles(parseMarbles(text))).toBe(text)
  })

  it('explains all its lanes, lines and marks in its README', () => {
    const readme = readFileSync(new URL('README.md', folder), 'utf8')
    const names = [...Object.keys(laneKinds), ...Object.keys(headerLines)]
    expect(names.filter((name) => !new RegExp(`\`${name}[\` ]`).test(readme))).toEqual([])
    const [, example] = readme.match(/```\n(title[\s\S]*?)```/)!
    const file = readFileSync(new URL('earlier-waits-for-later-in-flight.marbles', folder), 'utf8')
    expect(file.startsWith(example!)).toBe(true)
  })

  it('says where each comes from, and nothing twice', () => {
    expect(scenarios.filter(({ text }) => parseMarbles(text).from === undefined)).toEqual([])
    expect(new Set(scenarios.map(({ title }) => title)).size).toBe(scenarios.length)
  })

  it('S94 "ActorSqlite alarm preserved after ALARM_RETRY_MAX_TRIES uncounted (internal) failures", 100 times', () => {
    const times = (part: string) => part.repeat(100)
    const text = `title     a hundred failures
alarm     1

wake      ${times('1.#--')}
handler   ${times('1.#--')}
reads     ${times('x-1--')}
manager   1${times('-----').slice(1)}
`
    expect(printMarbles(checkMarbles(text).seen)).toBe(text)
  })

  it('has every scenario of the conformance list that an engine alone can play', () => {
    const upstream = [
      1, 2, 7, 12, 14, 15, 16, 17, 18, 19, 21, 22, 23, 24, 29, 30, 31, 32, 33, 34, 35, 36, 38, 40, 46,
    ]
    const output = [71, 72, 73, 74, 75, 77, 78]
    const abandon = [93, 94, 96]
    const holes = ['D1', 'D2', 'D5', 'D6', 'D7', 'D8', 'D10']
    const wanted = [...[...upstream, ...output, ...abandon].map((number) => `S${number}`), ...holes]
    const named = new Set(
      scenarios.flatMap(({ text }) => parseMarbles(text).from?.match(/\b[SD]\d+\b/g) ?? []),
    )
    expect(wanted.filter((name) => !named.has(name))).toEqual([])
  })
})
