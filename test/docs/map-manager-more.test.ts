import type { DeliveryEvent, WriteInfo } from 'nolater'
import { virtualClock } from 'nolater/marbles'
import { EMPTY, from, throwError } from 'rxjs'
import { expect, test } from 'vitest'
import { mapManager } from '../../examples/guides/map-manager.ts'

function rig(fail: unknown = null) {
  const clock = virtualClock()
  const manager = mapManager({ scheduler: clock })
  const events: DeliveryEvent[] = []
  const write = (time: number, fence: number, move: WriteInfo['move'] = 'later') =>
    from(manager.write('a', time, { key: 'a', move, fence, attempt: 1 })).subscribe()
  manager
    .deliveries(() => (fail === null ? EMPTY : throwError(() => fail)))
    .subscribe((event) => events.push(event))
  const delivered = () => events.filter(({ kind }) => kind === 'delivered')
  return { clock, write, events, delivered }
}

test('the write of an alarm that was delivered, once more, does not revive it', () => {
  const { clock, write, delivered } = rig()
  write(10, 1)
  clock.advance(100)
  write(10, 1)
  clock.advance(100)
  expect(delivered()).toHaveLength(1)
})

test('an alarm that is written once more, as at each opening, keeps its failures and its back-off', () => {
  const { clock, write, delivered } = rig(new Error('no'))
  write(10, 1)
  clock.advance(1_000)
  write(10, 2, 'same')
  clock.advance(1_000)
  expect(delivered()).toHaveLength(1)
  clock.advance(1_000)
  expect(delivered()).toMatchObject([{ fence: 1 }, { fence: 2, retryCount: 1 }])
})

test('what is hopeless is given up at once, whether or not it counts', () => {
  const { clock, write, events } = rig({ retry: false, counted: false })
  write(10, 1)
  clock.advance(11)
  expect(events.map(({ kind }) => kind)).toEqual(['delivered', 'failed', 'abandoned'])
})
