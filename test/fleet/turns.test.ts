import { describe, expect, it } from 'vitest'
import { type Lane, Turns } from '../../src/fleet/turns.ts'
import { uncaughtDuring } from './rig.ts'

/** Begins whoever's turn it is, and says who. */
function turnsOf(limit: number) {
  const begun: string[] = []
  const lanes = new Map<string, Lane>()
  const turns = new Turns<string>(limit, (who) => ask(who, lanes.get(who) as Lane))
  function ask(who: string, lane: Lane): void {
    lanes.set(who, lane)
    if (!turns.ask(who, lane)) return
    turns.begin()
    begun.push(who)
  }
  const end = (): void => {
    turns.end()
    turns.give()
  }
  return { turns, begun, ask, end }
}

describe('turns', () => {
  it('let so many begin at a time, and then whoever has waited longest', () => {
    const { begun, ask, end, turns } = turnsOf(2)
    for (const who of ['a', 'b', 'c', 'd']) ask(who, 'later')
    expect(begun).toEqual(['a', 'b'])
    expect([turns.taken, turns.waiting]).toEqual([2, 2])
    ask('a', 'later') // again: behind those who wait
    end()
    end()
    end()
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'a'])
  })

  it('let nobody pass those who wait, though a place is free', () => {
    const { begun, ask, turns } = turnsOf(1)
    ask('a', 'later')
    ask('b', 'later')
    turns.end()
    ask('c', 'later')
    expect(begun).toEqual(['a'])
    turns.give()
    expect(begun).toEqual(['a', 'b'])
  })

  it('give earlier moves precedence, but a later one comes after three of them', () => {
    const { begun, ask, end } = turnsOf(1)
    ask('x', 'later')
    for (const who of ['l1', 'l2']) ask(who, 'later')
    for (const who of ['e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7']) ask(who, 'earlier')
    for (let i = 0; i < 9; i++) end()
    expect(begun.slice(1)).toEqual(['e1', 'e2', 'e3', 'l1', 'e4', 'e5', 'e6', 'l2', 'e7'])
  })

  it('keep the place of who asks again, and take the new one of who changes lanes', () => {
    const { begun, ask, end, turns } = turnsOf(1)
    ask('x', 'later')
    for (const who of ['a', 'b', 'c', 'd']) ask(who, 'later')
    ask('c', 'later')
    ask('a', 'earlier')
    ask('b', 'earlier')
    expect(turns.waiting).toBe(4)
    for (let i = 0; i < 6; i++) end()
    expect(begun.slice(1)).toEqual(['a', 'b', 'c', 'd'])
  })

  it('are for once: who has had one waits like the others', () => {
    const { begun, ask, end } = turnsOf(1)
    for (const who of ['a', 'b', 'c']) ask(who, 'later')
    end()
    ask('b', 'later')
    expect(begun).toEqual(['a', 'b'])
    end()
    end()
    expect(begun).toEqual(['a', 'b', 'c', 'b'])
  })

  it('pass on the turn of who has nothing to do, or has left', () => {
    const begun: string[] = []
    const turns = new Turns<string>(1, (who) => {
      if (who === 'idle') return
      expect(turns.ask(who, 'later')).toBe(true)
      turns.begin()
      begun.push(who)
    })
    turns.begin()
    for (const who of ['idle', 'gone', 'b']) turns.ask(who, 'later')
    turns.leave('gone')
    turns.leave('never there')
    turns.end()
    turns.give()
    expect(begun).toEqual(['b'])
    expect([turns.taken, turns.waiting]).toEqual([1, 0])
  })

  it('keep nothing of who changes lanes, or leaves, while nobody gets a turn', () => {
    const { turns, begun, ask, end } = turnsOf(1)
    ask('x', 'later')
    ask('a', 'later')
    for (let i = 0; i < 10_000; i++) {
      ask('b', i % 2 === 0 ? 'earlier' : 'later')
      turns.ask(`${i}`, 'later')
      turns.leave(`${i}`)
    }
    expect(JSON.stringify(turns).length).toBeLessThan(500) // its lanes and all
    end()
    end()
    expect(begun).toEqual(['x', 'a', 'b'])
  })

  it('go on after one that throws, and that one gets no turn for nothing', async () => {
    const begun: string[] = []
    const turns = new Turns<string>(1, (who) => {
      if (who === 'bad') throw new Error('bad')
      begun.push(who)
    })
    turns.begin()
    for (const who of ['bad', 'b']) turns.ask(who, 'later')
    turns.end()
    expect(await uncaughtDuring(() => turns.give())).toEqual(['bad'])
    expect(begun).toEqual(['b'])
    turns.begin()
    expect(turns.ask('bad', 'later')).toBe(false)
  })

  it('take 200,000 who wait in no more than their number', () => {
    const { begun, ask, end } = turnsOf(1)
    for (let i = 0; i < 200_000; i++) ask(String(i), i % 2 === 0 ? 'later' : 'earlier')
    for (let i = 0; i < 200_000; i++) end()
    expect(new Set(begun).size).toBe(200_000)
  })
})
