import type { AlarmTime } from 'nolater'
import { virtualClock } from 'nolater/marbles'
import { NEVER, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { fakeStore } from '../../examples/live/run/fake-store.ts'
import type { World } from '../../examples/live/run/keeper.ts'
import { openLife } from '../../examples/live/run/life.ts'

describe('a process', () => {
  function open() {
    const calls: AlarmTime[] = []
    const answers$ = new Subject<never>()
    const heard: string[] = []
    let world!: World
    const life = openLife(
      (given) => {
        world = given
        return { ask() {}, deliver: () => NEVER, events$: NEVER }
      },
      {
        key: 'cart',
        clock: virtualClock(),
        initial: null,
        epoch: 1,
        commit: () => NEVER,
        write(time) {
          calls.push(time)
          return answers$
        },
      },
    )
    const hear = { complete: () => heard.push('complete'), error: () => heard.push('error') }
    return { life, world, calls, answers$, heard, hear }
  }

  it('hears the answers to its calls', () => {
    const { world, calls, answers$, heard, hear } = open()
    world.write(1).subscribe(hear)
    answers$.complete()
    expect([calls, heard]).toEqual([[1], ['complete']])
  })

  it.each(['complete', 'error'] as const)('hears nothing any more once it is dead: %s', (how) => {
    const { life, world, answers$, heard, hear } = open()
    world.write(1).subscribe(hear)
    life.die()
    if (how === 'complete') answers$.complete()
    else answers$.error(new Error('503'))
    expect(heard).toEqual([])
  })

  it('calls nobody once it is dead, and never learns why', () => {
    const { life, world, answers$, heard, hear } = open()
    life.die()
    world.write(1).subscribe(hear)
    expect([answers$.observed, heard]).toEqual([false, []])
  })

  it('fails its delivery when it dies, uncounted', () => {
    const { life } = open()
    const errors: unknown[] = []
    const delivery = { key: 'cart', scheduledTime: 1, fence: 1, retryCount: 0 }
    life.deliver(delivery, () => NEVER).subscribe({ error: (error) => errors.push(error) })
    life.die()
    expect(errors).toMatchObject([{ counted: false }])
  })
})

describe('the store', () => {
  function open(times: readonly AlarmTime[]) {
    const clock = virtualClock()
    const durable: AlarmTime[] = []
    const store = fakeStore(clock, () => durable.push(store.alarm))
    const acknowledged: AlarmTime[] = []
    for (const time of times) {
      store.commit(time).subscribe({ complete: () => acknowledged.push(time) })
      clock.advance(10)
    }
    return { clock, store, durable, acknowledged }
  }

  it('commits in order, whether or not anybody waits', () => {
    const { clock, store, durable, acknowledged } = open([1, 2])
    store.commit(3).subscribe().unsubscribe()
    clock.flush()
    expect([durable, acknowledged]).toEqual([
      [1, 2, 3],
      [1, 2],
    ])
  })

  it.each([
    [0, []],
    [0.5, [1]],
    [0.99, [1, 2]],
    [1, [1, 2]],
  ])(
    'when its process ends, with chance %d, has the oldest commits and never the others',
    (chance, expected) => {
      const { clock, store, durable, acknowledged } = open([1, 2])
      store.settle(chance)
      clock.flush()
      expect([durable, acknowledged]).toEqual([expected, []])
    },
  )
})
