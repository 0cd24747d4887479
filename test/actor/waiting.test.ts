import { EMPTY, Subject } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { Keeper } from '../../src/actor/keeper.ts'
import { isDrained, isDurable, isOpen } from '../../src/actor/waiting.ts'

/** An actor with a write in flight, that of 5. */
function rig() {
  const write$ = new Subject<never>()
  const writes: (number | null)[] = []
  const write = (time: number | null) => {
    writes.push(time)
    return writes.length === 1 ? write$ : EMPTY
  }
  const keeper = new Keeper({ commit: () => EMPTY, write }, 'k', 1, 1)
  keeper.intend(5)
  return { keeper, write$ }
}

describe('what waits', () => {
  it('goes on in the order in which it began to, whatever it waits for', () => {
    const { keeper, write$ } = rig()
    const isOver = (alarm: Keeper) => alarm.isWriterFree
    const order: string[] = []
    for (const [name, condition] of [
      ['a', isDrained],
      ['b', isOver],
      ['c', isDrained],
      ['d', isOver],
    ] as const)
      keeper.when(condition).subscribe(() => order.push(name))
    write$.complete()
    expect(order).toEqual(['a', 'b', 'c', 'd'])
  })

  it('is looked at once a settling, however many wait for the same', () => {
    const { keeper, write$ } = rig()
    const isOver = vi.fn((alarm: Keeper) => alarm.isDrained)
    for (let i = 0; i < 100; i++) keeper.when(isOver).subscribe()
    isOver.mockClear()
    for (let i = 6; i < 16; i++) keeper.intend(i)
    expect(isOver).toHaveBeenCalledTimes(10)
    write$.complete()
    expect(isOver).toHaveBeenCalledTimes(110)
  })

  it('by its mark: what has the lower one is not held up by what came before it', () => {
    const { keeper, write$ } = rig()
    const order: number[] = []
    let reached = 0
    const hasReached = (_: Keeper, mark: number) => mark <= reached
    for (const mark of [3, 1, 4, 2]) keeper.when(hasReached, () => mark).subscribe(() => order.push(mark))
    reached = 2
    keeper.intend(6)
    expect(order).toEqual([1, 2])
    reached = 4
    write$.complete()
    expect(order).toEqual([1, 2, 3, 4])
  })

  it('may be awaited, without a subscriber, and is rejected by what breaks the alarm, then and before', async () => {
    const { keeper, write$ } = rig()
    const [first, second] = [keeper.when(isDrained).then(() => 'ready'), rig().keeper]
    write$.complete()
    expect([await first, await keeper.when(isDrained)]).toEqual(['ready', undefined])
    const broken = second.when(isDrained).then(null, (error) => error.code)
    second.close()
    expect([await broken, await second.when(isDrained).then(null, (error) => error.code)]).toEqual([
      'ALARM_CLOSED',
      'ALARM_CLOSED',
    ])
  })

  it('at a gate finds its place without a look at all that waits for confirmed()', () => {
    const { keeper } = rig()
    let compared = 0
    const counted = (mark: number) => ({
      valueOf() {
        compared++
        return mark
      },
    })
    for (let i = 0; i < 100; i++) keeper.when(isDurable, () => counted(5) as unknown as number).subscribe()
    compared = 0
    keeper.when(isOpen, () => 2).subscribe()
    expect(compared).toBe(0)
  })

  it('keeps an idle alarm at work only for as long as it waits', () => {
    const keeper = new Keeper({ commit: () => EMPTY, write: () => EMPTY }, 'k', 1, 1)
    const wait = keeper.when(() => false).subscribe()
    expect(keeper.work).not.toBeNull()
    wait.unsubscribe()
    expect(keeper.work).toBeNull()
  })

  it('may leave from anywhere in the line', () => {
    for (const [left, rest] of [
      [0, [1, 2]],
      [1, [0, 2]],
      [2, [0, 1]],
    ] as const) {
      const { keeper, write$ } = rig()
      const order: number[] = []
      const waits = [0, 1, 2].map((i) => keeper.when(isDrained).subscribe(() => order.push(i)))
      waits[left]!.unsubscribe()
      write$.complete()
      expect(order).toEqual(rest)
    }
  })
})
