import { describe, expect, it } from 'vitest'
import { isPaused, noPauses, pausedAt, resumedAt } from '../../src/ledger/pauses.ts'
import { type AlarmScope, checkScope } from '../../src/vocabulary/alarm-scope.ts'

const standing = (...scopes: AlarmScope[]) =>
  scopes.reduce((pauses, scope) => pausedAt(pauses, checkScope(scope)) ?? pauses, noPauses)

describe('a pause', () => {
  it.each<[AlarmScope, string[]]>([
    [{}, ['', 'a', 'ab', 'b']],
    [{ prefix: 'a' }, ['a', 'ab']],
    [{ key: 'a' }, ['a']],
    [{ key: '' }, ['']],
  ])('of %j is of %j', (scope, keys) => {
    expect(['', 'a', 'ab', 'b'].filter((key) => isPaused(standing(scope), key))).toEqual(keys)
  })

  it('is there once, however often it is asked for', () => {
    expect(pausedAt(standing({ key: 'a' }), { key: 'a' })).toBeNull()
    expect(pausedAt(standing({ prefix: 'a' }), { key: 'a' })?.scopes).toHaveLength(2)
  })

  it.each<[AlarmScope, AlarmScope[]]>([
    [{}, []],
    [{ prefix: 'a' }, [{ prefix: '' }, { key: 'b' }]],
    [{ prefix: 'ab' }, [{ prefix: '' }, { prefix: 'a' }, { key: 'a' }, { key: 'b' }]],
    [{ key: 'ab' }, [{ prefix: '' }, { prefix: 'a' }, { key: 'a' }, { key: 'b' }]],
  ])('ends with its like and what is wider: resume %j', (scope, left) => {
    const pauses = standing({}, { prefix: 'a' }, { key: 'a' }, { key: 'ab' }, { key: 'b' })
    const resumed = resumedAt(pauses, checkScope(scope))
    expect(resumed?.scopes).toEqual(left)
    expect(resumed?.generation).toBe(pauses.generation + 1)
  })

  it('that is not there cannot end', () => {
    expect(resumedAt(standing({}), { key: 'a' })).toBeNull()
  })

  it.each([[null], ['a'], [{ prefix: 5 }], [{ prefix: '\ud800' }], [{ key: 5 }], [{ prefx: 'a' }]])(
    'of %j is refused',
    (scope) => {
      expect(() => checkScope(scope as never)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/ALARM_(CONFIG|KEY)_INVALID/) }),
      )
    },
  )
})
