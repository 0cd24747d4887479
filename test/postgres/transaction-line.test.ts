import type { Pool } from 'pg'
import { describe, expect, it } from 'vitest'
import { lineOf } from '../../src/postgres/transaction-line.ts'

/** A line with so many places, and who has entered it, been refused, or been told to end. */
function line(places: number) {
  const own = lineOf({ options: { max: places + 2 } } as Pool)
  const seen: string[] = []
  const leave = new Map<string, () => void>()
  const ask = (name: string) =>
    own.place({ age: () => 0, end: () => seen.push(`${name} is to end`) }).subscribe({
      next(leaves) {
        seen.push(`${name} enters`)
        leave.set(name, leaves)
      },
      error: (error) => seen.push(`${name}: ${error}`),
    })
  return { own, seen, ask, leave: (name: string) => leave.get(name)?.() }
}

describe('lineOf', () => {
  it('is one for a pool, and leaves two of its connections free', () => {
    const pool = { options: { max: 5 } } as Pool
    expect(lineOf(pool)).toBe(lineOf(pool))
    expect(lineOf(pool).places).toBe(3)
    expect(lineOf({} as Pool).places).toBe(8) // as pg has it
  })

  it('lets in whoever has waited longest, once for each who leaves', () => {
    const { seen, ask, leave } = line(1)
    for (const name of ['a', 'b', 'c']) ask(name)
    expect(seen).toEqual(['a enters'])
    leave('a')
    leave('a')
    expect(seen).toEqual(['a enters', 'b enters'])
  })

  it('forgets who has gone away while waiting', () => {
    const { seen, ask, leave } = line(1)
    ask('a')
    ask('b').unsubscribe()
    ask('c')
    leave('a')
    expect(seen).toEqual(['a enters', 'c enters'])
  })

  it('refuses, when it is closed, who waits and who comes, and is over when all have left', async () => {
    const { own, seen, ask, leave } = line(2)
    for (const name of ['a', 'b', 'c']) ask(name)
    let isOver = false
    const over = own.close('closed').then(() => {
      isOver = true
    })
    ask('d')
    leave('a')
    await Promise.resolve()
    expect(isOver).toBe(false)
    leave('b')
    await over
    expect(seen).toEqual(['a enters', 'b enters', 'c: closed', 'd: closed'])
    await own.close('closed') // nobody is in it
  })
})
