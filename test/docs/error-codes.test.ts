import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const guide = readFileSync('docs/troubleshooting.md', 'utf8')
const rows = new Map(
  [...guide.matchAll(/^\| `([A-Z_]+)` \| (.+) \| (.+) \|$/gm)].map(([, code = '', ...cells]) => [
    code,
    cells,
  ]),
)

/** Each string of a union type of codes. */
function codesOf(file: string, type: string): string[] {
  const [, union = ''] = new RegExp(`export type ${type} =((?:\\s*\\|? '[A-Z_]+')+)`).exec(
    readFileSync(file, 'utf8'),
  )!
  return [...union.matchAll(/'([A-Z_]+)'/g)].map(([, code = '']) => code)
}

const codes = [
  ...codesOf('src/vocabulary/errors.ts', 'AlarmErrorCode'),
  ...codesOf('src/marbles/scenario/marbles-error.ts', 'MarblesErrorCode'),
  'CLOCK_RUNAWAY',
]

describe('docs/troubleshooting.md', () => {
  it('finds the codes where they are', () => {
    expect(codes).toContain('ALARM_TIME_INVALID')
    expect(codes).toContain('ALARM_TRANSACTION_INVALID')
    expect(codes.length).toBeGreaterThan(25)
  })

  it.each(codes)('says what %s means and what to do', (code) => {
    expect(rows.get(code)?.every((cell) => cell.trim().length > 8)).toBe(true)
  })

  it('lists no code that there is not', () => {
    expect([...rows.keys()].filter((code) => !codes.includes(code))).toEqual([])
    const named = guide.match(/\b(?:ALARM|MARBLES|CLOCK)_[A-Z_]+\b/g) ?? []
    expect(named.filter((code) => !codes.includes(code))).toEqual([])
  })

  it('leads from each symptom of the first table to its place', () => {
    const headings = [...guide.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)
    expect(headings.length).toBeGreaterThan(12)
    const links = guide.split('\n## ')[0]!.match(/\]\(#/g) ?? []
    expect(links.length).toBeGreaterThanOrEqual(headings.length)
  })
})

describe('the events that the guides name', () => {
  const story = ['src/vocabulary/event.ts', 'src/vocabulary/manager.ts']
    .map((file) => readFileSync(file, 'utf8'))
    .join()
  const kinds = new Set([...story.matchAll(/kind: '([\w-]+)'/g)].map(([, kind]) => kind))
  kinds.add('commit-first') // no event: one of the saboteurs of the crash runs

  it.each(globSync('docs/*.md'))('%s names only those that there are', (page) => {
    const named = [...readFileSync(page, 'utf8').matchAll(/`((?:write|commit|delivery)-[a-z-]+)`/g)]
    expect(named.map(([, kind]) => kind).filter((kind) => !kinds.has(kind))).toEqual([])
    expect(kinds.size).toBeGreaterThan(15)
  })

  it.each(globSync('docs/*.md'))('%s names only metrics that there are', (page) => {
    const telemetry = readFileSync('docs/telemetry.md', 'utf8')
    const metrics = [
      ...readFileSync(page, 'utf8').matchAll(/`(nolater\.(?:write|delivery|manager|violations)[\w.]*)`/g),
    ]
    expect(metrics.map(([, name]) => name).filter((name) => !telemetry.includes(`| \`${name}\` |`))).toEqual(
      [],
    )
    expect(telemetry).toContain('| `nolater.violations` |')
  })
})
