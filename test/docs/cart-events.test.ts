import { type AlarmEvent, memoryManager, openAlarm } from 'nolater'
import { virtualClock } from 'nolater/marbles'
import 'nolater/vitest'
import { expect, test } from 'vitest'

test('the manager is never later than the store', () => {
  const clock = virtualClock()
  const manager = memoryManager({ scheduler: clock })
  const alarm = openAlarm({
    key: '42',
    scheduler: clock,
    commit: () => [],
    write: (time, info) => manager.write('42', time, info),
  })
  const events: AlarmEvent[] = []
  alarm.events$.subscribe((event) => events.push(event))

  alarm.set(5_000)
  alarm.set(9_000)
  alarm.delete()
  expect(events).toBeNeverLate()
  expect(events.filter(({ kind }) => kind === 'write-issued')).toHaveLength(3)
})
