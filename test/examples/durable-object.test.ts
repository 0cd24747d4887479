import { Cron } from 'croner'
import { expect, it } from 'vitest'
import { takeOver } from '../../examples/durable-object/take-over.ts'
import { cronWith, timersOf } from '../../src/durable-object/index.ts'
import { fakeStorage } from '../durable-object/fake-storage.ts'

it('takes over what the agents SDK has scheduled, in one commit', () => {
  const storage = fakeStorage()
  storage.sql.exec(
    'CREATE TABLE cf_agents_schedules (id, callback, payload, type, time, delayInSeconds, cron, intervalSeconds)',
  )
  const insert = 'INSERT INTO cf_agents_schedules VALUES (?, ?, ?, ?, ?, ?, ?, ?)'
  storage.sql.exec(insert, 'a', 'greet', '{"to":"ada"}', 'scheduled', 20, null, null, null)
  storage.sql.exec(insert, 'b', 'greet', '"bob"', 'delayed', 15, 10, null, null)
  storage.sql.exec(insert, 'c', 'report', 'null', 'cron', 0, null, '* * * * *', null)
  storage.sql.exec(insert, 'd', 'poll', '1', 'interval', 0, null, null, 40)
  const timers = timersOf(storage, { now: () => 10_000, cron: cronWith(Cron) })
  takeOver(storage, timers)
  expect(storage.alarm).toBe(15_000)
  expect(timers.list().map(({ name, time, payload }) => [name, time, payload])).toEqual([
    ['a', 20_000, { callback: 'greet', payload: { to: 'ada' } }],
    ['b', 15_000, { callback: 'greet', payload: 'bob' }],
    ['c', 60_000, { callback: 'report', payload: null }],
    ['d', 50_000, { callback: 'poll', payload: 1 }],
  ])
  expect(storage.sql.exec('SELECT * FROM cf_agents_schedules')).toEqual([])
})
