import { createHook } from 'node:async_hooks'
import { globSync, readFileSync } from 'node:fs'
import {
  conflateMap,
  gate,
  latestWhen,
  memoryManager,
  multiplexTimers,
  openAlarm,
  openFleet,
  type Timers,
} from 'nolater'
import { virtualClock } from 'nolater/marbles'
import { BehaviorSubject, EMPTY, type MonoTypeOperatorFunction, type Observable, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { contextsOf, currentContext, type Platform } from '../../src/operators/async-context.ts'
import { expectHandlersInContext, here, noting, request } from './handlers-in-context.ts'

const instant = { commit: () => EMPTY, write: () => EMPTY, reconcile: false }

describe('handlers run in the context in which deliveries was subscribed', () => {
  it('of a manager in memory', async () => {
    const clock = virtualClock(1)
    await expectHandlersInContext(memoryManager({ scheduler: clock }), clock)
  })

  it('though the actor is loaded, or is busy, for others', async () => {
    const loads: ((loaded: { time: number; epoch: number }[]) => void)[] = []
    const fleet = openFleet({
      ...instant,
      load: () =>
        new Promise<{ time: number; epoch: number }>((resolve) => loads.push(([one]) => resolve(one!))),
    })
    const ran: string[] = []
    const first$ = new Subject<never>()
    const deliver = (context: string, answer: Observable<never>) =>
      request.run(context, () =>
        fleet
          .deliver({ key: 'a', scheduledTime: 1, fence: 1, retryCount: 0 }, () => {
            ran.push(here())
            return answer
          })
          .subscribe(),
      )
    deliver('first', first$)
    deliver('second', EMPTY)
    await request.run('who loads', async () => loads[0]!([{ time: 1, epoch: 1 }]))
    await Promise.resolve()
    request.run('who asks', () => fleet.actor('a').set(1))
    request.run('who answers', () => first$.complete())
    expect(ran).toEqual(['first', 'second'])
  })

  it('of timers that follow one that something else has ended', () => {
    let state: Timers = {
      sets: 2,
      list: ['a', 'b'].map((name, i) => ({ name, time: 1, due: 1, serial: i + 1, counted: 0, uncounted: 0 })),
    }
    const timers = multiplexTimers({
      alarm: openAlarm({ ...instant, initial: 1 }),
      scheduler: virtualClock(1),
      load: () => state,
      save(next) {
        state = next
      },
    })
    const ran: string[] = []
    const answer$ = new Subject<never>()
    request.run('the delivery', () =>
      timers
        .deliver({ scheduledTime: 1 }, ({ name }) => {
          ran.push(`${name} ${here()}`)
          return name === 'a' ? answer$ : EMPTY
        })
        .subscribe(),
    )
    request.run('who answers', () => answer$.complete())
    expect(ran).toEqual(['a the delivery', 'b the delivery'])
  })
})

describe('a held value leaves in the context of its sender', () => {
  const sent = (operator: MonoTypeOperatorFunction<string>, open: () => void, senders: string[]) => {
    const values$ = new Subject<string>()
    const left: string[] = []
    request.run('the subscriber', () =>
      values$.pipe(operator).subscribe((value) => left.push(`${value} in ${here()}`)),
    )
    for (const sender of senders) request.run(sender, () => values$.next(`of ${sender}`))
    request.run('who opens', open)
    request.run('late', () => values$.next('of late'))
    return left
  }

  it('at the output gate', () => {
    const commit$ = new Subject<never>()
    const alarm = openAlarm({ ...instant, commit: () => commit$ })
    alarm.set(5)
    const left = sent(alarm.holdUntilConfirmed(), () => commit$.complete(), ['alice', 'bob'])
    expect(left).toEqual(['of alice in alice', 'of bob in bob', 'of late in late'])
  })

  it('at gate, and the newest at latestWhen', () => {
    const open$ = new BehaviorSubject(false)
    expect(sent(gate(open$), () => open$.next(true), ['alice', 'bob'])).toEqual([
      'of alice in alice',
      'of bob in bob',
      'of late in late',
    ])
    const ready$ = new BehaviorSubject(false)
    expect(sent(latestWhen(ready$), () => ready$.next(true), ['alice', 'bob'])).toEqual([
      'of bob in bob',
      'of late in late',
    ])
  })

  it('at gate while another one is being delivered', () => {
    const values$ = new Subject<string>()
    const left: string[] = []
    values$.pipe(gate(new BehaviorSubject(true))).subscribe((value) => {
      left.push(`${value} in ${here()}`)
      if (value === 'of alice') request.run('bob', () => values$.next('of bob'))
    })
    request.run('alice', () => values$.next('of alice'))
    expect(left).toEqual(['of alice in alice', 'of bob in bob'])
  })

  it('and is projected in it, at conflateMap', () => {
    const values$ = new Subject<string>()
    const inner$ = new Subject<never>()
    const ran: string[] = []
    values$
      .pipe(
        conflateMap((value) => {
          ran.push(`${value} in ${here()}`)
          return value === 'of alice' ? inner$ : noting((context) => ran.push(`${value} run in ${context}`))
        }),
      )
      .subscribe()
    for (const sender of ['alice', 'bob']) request.run(sender, () => values$.next(`of ${sender}`))
    request.run('who answers', () => inner$.complete())
    expect(ran).toEqual(['of alice in alice', 'of bob in bob', 'of bob run in bob'])
  })
})

describe('who waits is told in the context in which it began to', () => {
  it('that all is durable, and that the alarm has broken', () => {
    const commits = [new Subject<never>(), new Subject<never>()]
    const left = [...commits]
    const alarm = openAlarm({ ...instant, commit: () => left.shift()! })
    const told: string[] = []
    const wait = (waiter: string) =>
      request.run(waiter, () =>
        alarm.confirmed().subscribe({
          next: () => told.push(`${waiter} in ${here()}`),
          error: () => told.push(`${waiter} fails in ${here()}`),
        }),
      )
    request.run('who asks', () => alarm.set(5))
    wait('alice')
    wait('bob')
    request.run('the store', () => commits[0]!.complete())
    request.run('who asks', () => alarm.set(6))
    wait('alice')
    request.run('the store', () => commits[1]!.error(new Error('no')))
    expect(told).toEqual(['alice in alice', 'bob in bob', 'alice fails in alice'])
  })
})

describe('a commit and a write run in none of a request’s', () => {
  it('of one alarm, whether they are called or subscribed', () => {
    const seen: string[] = []
    const call = (name: string) => () => {
      seen.push(`${name} ${here()}`)
      return noting((context) => seen.push(`${name} ${context}`))
    }
    const alarm = openAlarm({ ...instant, commit: call('commit'), write: call('write') })
    request.run('alice', () => alarm.set(5))
    request.run('bob', () => alarm.set(9))
    expect(seen.length).toBe(8)
    expect(seen.every((said) => said.endsWith(' none'))).toBe(true)
    request.run('alice', () => alarm.set(1))
    expect(request.run('alice', here)).toBe('alice')
  })

  it('of a fleet, one by one or many at a time, nor does a load', async () => {
    const clock = virtualClock(1)
    const seen: string[] = []
    const note = (name: string): void => {
      seen.push(`${name} ${here()}`)
    }
    const load = () => {
      note('load')
      return [{ time: null, epoch: 1 }]
    }
    const single = openFleet({
      ...instant,
      load,
      commit: () => noting(() => note('commit')),
      write: () => noting(() => note('write')),
      scheduler: clock,
    })
    const many = openFleet({
      ...instant,
      load,
      commitMany(all) {
        note('commitMany')
        return [all.map(() => null)]
      },
      writeMany(all) {
        note('writeMany')
        return [all.map(() => null)]
      },
      scheduler: clock,
    })
    for (const fleet of [single, many]) request.run('alice', () => fleet.actor('a').set(5))
    await clock.advanceAsync(10)
    expect(new Set(seen)).toEqual(
      new Set(['load none', 'commit none', 'write none', 'commitMany none', 'writeMany none']),
    )
  })
})

describe('where the platform has no such contexts', () => {
  it.each<[string, Platform]>([
    ['no process', {}],
    ['a process without modules', { process: {} }],
    ['none of that name', { process: { getBuiltinModule: () => undefined } }],
    ['none in it', { process: { getBuiltinModule: () => ({}) } }],
  ])('all run in the one that there is: %s', (_, platform) => {
    const contextOf = contextsOf(platform)
    const context = contextOf()
    expect(context).toBe(contextOf())
    expect(request.run('a', () => context.runInAsyncScope(here))).toBe('a')
    const self = { name: 'b' }
    expect(
      context.runInAsyncScope(function (this: unknown) {
        return this
      }, self),
    ).toBe(self)
  })

  it('they bear the name of the library elsewhere', () => {
    const types: string[] = []
    const hook = createHook({ init: (_, type) => void types.push(type) }).enable()
    currentContext()
    hook.disable()
    expect(types).toEqual(['nolater'])
  })

  it('the core imports none', () => {
    const core = [
      'src/index.ts',
      ...globSync('src/{vocabulary,operators,actor,fleet,timers,ledger,telemetry/summaries,marbles}/**/*.ts'),
    ]
    expect(core.length).toBeGreaterThan(50)
    for (const file of core) expect(readFileSync(file, 'utf8'), file).not.toMatch(/from 'node:/)
  })
})
