import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { smallBounds } from '../../spec/bounds.ts'
import { rejectTwin } from '../../spec/reject-twin.ts'
import { ask, missing } from '../../spec/spin.ts'
import { twins, withoutTwin } from '../../spec/twins.ts'
import { mutants } from '../explore/mutants.ts'

const lack = missing()
const MINUTES = 300_000

// One of each kind; `npm run spec -- --twins` tries them all.
const some = [
  'commit before precommit',
  'a manager forgets an alarm after its last retry',
  // Each state is as it should be, or may become so: that nothing becomes of it, only liveness sees.
  'the pipe is removed: what has to wait is dropped',
  'earlier moves always go before later ones, where actors take turns',
]

describe('the twins of the broken engines', () => {
  it('are all there, each once, or it is said why not', () => {
    const named = [
      ...twins.filter(({ isOwn }) => !isOwn).map(({ name }) => name),
      ...Object.keys(withoutTwin),
    ]
    expect(named.toSorted()).toEqual(mutants.map(({ name }) => name).toSorted())
  })

  it('are in the table, with what rejects them', () => {
    const table = readFileSync(new URL('../../spec/twins.md', import.meta.url), 'utf8')
    for (const { name, seenBy = 'safety' } of twins) {
      const row = table.split('\n').find((line) => line.startsWith(`| ${name} `))
      expect(row, name).toContain(`| ${seenBy} |`)
    }
    for (const [name, why] of Object.entries(withoutTwin))
      expect(table).toContain(`| ${name} | no twin: ${why} |`)
  })
})

describe.skipIf(lack !== null)(`the specification (needs Spin and a C compiler)`, () => {
  it.each(smallBounds)('keeps its promises: $name', { timeout: MINUTES }, ({ file, questions, defines }) => {
    for (const question of questions) {
      const { fault, states } = ask(file, question, defines)
      expect(fault).toBeNull()
      expect(states).toBeGreaterThan(100)
    }
  })

  it.each(some)('rejects the twin: %s', { timeout: MINUTES }, (name) => {
    const twin = twins.find((each) => each.name === name)!
    const rejected = rejectTwin(twin)
    expect(rejected?.by).toBe(twin.seenBy ?? 'safety')
    expect(rejected?.fault).toBeTypeOf('string')
  })

  it('refuses a change that does not find its text', () => {
    expect(() => ask('nolater.pml', 'safety', {}, [{ find: 'no such text', put: '' }])).toThrow(
      'has 0 places',
    )
  })
})
