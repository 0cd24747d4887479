import {
  EMPTY,
  NEVER,
  Observable,
  type ObservableInput,
  of,
  Subject,
  throwError,
  VirtualTimeScheduler,
} from 'rxjs'
import { describe, expect, it } from 'vitest'
import { batch } from '../../src/fleet/batch.ts'
import type { EachResult } from '../../src/index.ts'
import { virtualClock } from '../virtual-clock.ts'
import { outcome, uncaughtDuring } from './rig.ts'

function rig(send: (items: readonly number[]) => unknown) {
  const clock = virtualClock()
  const sent: (readonly number[])[] = []
  const add = batch<number>(
    'writeMany',
    clock,
    (items) => {
      sent.push(items)
      return send(items) as ObservableInput<readonly EachResult[]>
    },
    (work) => work(),
  )
  return { clock, sent, add }
}

describe('a batch', () => {
  it('takes all of a turn with one call, and answers each', async () => {
    const bad = new Error('two is bad')
    const { clock, sent, add } = rig((items) => of(items.map((n) => (n === 2 ? bad : null))))
    const seen = [1, 2, 3].map((n) => outcome(add(n)))
    expect(sent).toEqual([])
    await clock.advance(0)
    expect(sent).toEqual([[1, 2, 3]])
    expect(seen.map(({ end }) => end)).toEqual(['done', 'two is bad', 'done'])
    outcome(add(4))
    await clock.advance(0)
    expect(sent[1]).toEqual([4])
    expect(clock.pending()).toBe(0)
  })

  it('lets results count only when the call has completed', async () => {
    const answer$ = new Subject<EachResult[]>()
    const { clock, add } = rig(() => answer$)
    const seen = outcome(add(1))
    await clock.advance(0)
    answer$.next([null])
    expect(seen.end).toBe('waiting')
    answer$.complete()
    expect(seen.end).toBe('done')
  })

  it.each([
    ['completes', 'done'],
    ['fails', 'all of it'],
  ] as const)(
    'that %s at once, and whose teardown throws, is answered, and stops no timer',
    async (how, end) => {
      const scheduler = new VirtualTimeScheduler()
      const send = () =>
        new Observable<null[]>((subscriber) => {
          subscriber.next([null])
          if (how === 'completes') subscriber.complete()
          else subscriber.error(new Error('all of it'))
          return () => {
            throw new Error('teardown')
          }
        })
      const add = batch<number>('writeMany', scheduler, send, (work) => work())
      const seen = outcome(add(1))
      let other = 'waits'
      scheduler.schedule(() => {
        other = 'fired'
      })
      expect(await uncaughtDuring(() => scheduler.flush())).toEqual(['teardown'])
      expect([seen.end, other]).toEqual([end, 'fired'])
    },
  )

  it('lets no call wait for another one', async () => {
    const { clock, sent, add } = rig(([n]) => (n === 1 ? NEVER : of([null])))
    const stuck = outcome(add(1))
    await clock.advance(0)
    const free = outcome(add(2))
    await clock.advance(0)
    expect(sent).toHaveLength(2)
    expect([stuck.end, free.end]).toEqual(['waiting', 'done'])
  })

  it.each([
    ['fails', () => throwError(() => new Error('all of it')), 'all of it'],
    [
      'throws',
      () => {
        throw new Error('all of it')
      },
      'all of it',
    ],
    ['returns nothing', () => undefined, 'ALARM_RETURN_INVALID'],
    ['completes without results', () => EMPTY, 'ALARM_RETURN_INVALID'],
    ['emits too few', () => of([null]), 'ALARM_RETURN_INVALID'],
    ['emits no array', () => of('fine'), 'ALARM_RETURN_INVALID'],
    ['emits undefined for one', () => of([undefined, null]), 'ALARM_RETURN_INVALID'],
  ])('fails each when the call %s', async (_, send, end) => {
    const { clock, add } = rig(send)
    const seen = [outcome(add(1)), outcome(add(2))]
    await clock.advance(0)
    expect(seen.map((one) => one.end)).toContain(end)
    expect(seen[0]?.end).toBe(end)
  })

  it('leaves out who has gone, and is unsubscribed when nobody is left', async () => {
    let torn = 0
    const { clock, sent, add } = rig(() => new Observable(() => () => torn++))
    const [first, second, third] = [add(1).subscribe(), add(2).subscribe(), add(3).subscribe()]
    first?.unsubscribe()
    await clock.advance(0)
    expect(sent).toEqual([[2, 3]])
    second?.unsubscribe()
    expect(torn).toBe(0)
    third?.unsubscribe()
    expect(torn).toBe(1)
    add(4).subscribe().unsubscribe()
    await clock.advance(0)
    expect(sent).toHaveLength(1)
  })
})
