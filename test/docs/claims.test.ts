import {
  type AlarmDelivery,
  type AlarmEvent,
  type AlarmManager,
  type DeliveryEvent,
  memoryManager,
  openAlarm,
} from 'nolater'
import { virtualClock } from 'nolater/marbles'
import { sqliteStore } from 'nolater/sqlite'
import { concat, EMPTY, lastValueFrom, NEVER, type Observable, of, throwError } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { newFile } from '../sqlite/files.ts'

/** An actor whose store is an array of what was committed, behind a manager in memory. */
function stage(more: { commit?: () => Observable<unknown>; initial?: number } = {}) {
  const clock = virtualClock(1_000_000)
  const manager = memoryManager({ scheduler: clock, lease: 30_000 })
  const write: AlarmManager['write'] = (key, time, info) => manager.write(key, time, info)
  const alarm = openAlarm({
    key: '42',
    scheduler: clock,
    commit: () => EMPTY,
    write: (time, info) => write('42', time, info),
    ...more,
  })
  const events: AlarmEvent[] = []
  alarm.events$.subscribe({ next: (event) => events.push(event), error: () => {} })
  const kinds = (): string[] => events.map(({ kind }) => kind)
  return { clock, manager, alarm, events, kinds }
}

/** What docs/troubleshooting.md says of symptoms that no other test shows as it is said there. */
describe('troubleshooting', () => {
  it('without abandon the manager keeps what was given up as failed, lists it, and delivers it when it is retried', async () => {
    const clock = virtualClock()
    const manager = memoryManager({ scheduler: clock })
    const file = newFile()
    const open = () => sqliteStore({ file, key: '42', manager, scheduler: clock })
    const told: DeliveryEvent[] = []
    let store = open()
    const failing = manager
      .deliveries((delivery) => store.alarm.deliver(delivery, () => throwError(() => new Error('no'))))
      .subscribe((event) => told.push(event))
    store.alarm.set(1_000)
    await clock.advanceAsync(3_600_000)
    const givenUpAt = told.find(({ kind }) => kind === 'given-up')!.at
    expect(givenUpAt).toBeGreaterThanOrEqual(1_000 + 2_000 * 63)
    expect(givenUpAt).toBeLessThanOrEqual(1_000 + 2_500 * 63)
    expect([manager.get('42'), store.alarm.time]).toEqual([1_000, 1_000])
    failing.unsubscribe()
    store.close()
    store = open()
    const handled: number[] = []
    manager
      .deliveries((delivery) => store.alarm.deliver(delivery, () => of(handled.push(delivery.scheduledTime))))
      .subscribe()
    await clock.advanceAsync(3_600_000)
    expect(handled).toEqual([]) // to open the actor is no retry
    const failed = await lastValueFrom(manager.list({ state: 'failed' }))
    expect(failed).toMatchObject({ key: '42', time: 1_000, failures: 7, lastError: { message: 'no' } })
    expect(await manager.retry('42')).toBe(true)
    await clock.advanceAsync(0)
    expect(handled).toEqual([1_000])
    expect(store.alarm.time).toBe(null)
    store.close()
  })

  it('a handler that hangs is late by the lease, and its retry does not count', async () => {
    const { clock, manager, alarm } = stage()
    const told: string[] = []
    const counts: number[] = []
    const work = (delivery: AlarmDelivery) => {
      counts.push(delivery.retryCount)
      return alarm.deliver(delivery, () => (counts.length === 1 ? NEVER : EMPTY))
    }
    manager.deliveries(work).subscribe(({ kind, at }) => told.push(`${kind} ${at - 1_000_000}`))
    alarm.set(1_001_000)
    await clock.advanceAsync(60_000)
    expect(told).toEqual(['delivered 1000', 'expired 31000', 'delivered 31000', 'done 31000'])
    expect(counts).toEqual([0, 0])
  })

  it('a commit that emits and does not complete keeps the gate closed', () => {
    const { alarm, kinds } = stage({ commit: () => concat(of('one row'), NEVER) })
    const sent: string[] = []
    of('reply')
      .pipe(alarm.holdUntilConfirmed())
      .subscribe((value) => sent.push(value))
    alarm.set(2_000_000)
    of('held')
      .pipe(alarm.holdUntilConfirmed())
      .subscribe((value) => sent.push(value))
    expect(sent).toEqual(['reply'])
    expect(kinds()).toContain('commit-issued')
    expect(kinds()).not.toContain('commit-acknowledged')
  })

  it('a handler for the old alarm runs while a newer one is not durable, and says deletes: false', () => {
    const { alarm, events } = stage({ initial: 500_000, commit: () => NEVER })
    alarm.set(9_000_000)
    alarm.deliver({ scheduledTime: 500_000 }, () => EMPTY).subscribe()
    expect(events.find(({ kind }) => kind === 'delivery-run')).toMatchObject({ deletes: false })
  })

  it('a manager that is not subscribed to wakes nobody', async () => {
    const { clock, manager, alarm } = stage()
    let woken = 0
    manager.deliveries(() => of(woken++))
    alarm.set(1_000_001)
    await clock.advanceAsync(60_000)
    expect([woken, manager.get('42')]).toEqual([0, 1_000_001])
  })

  it('with the same epoch after a restart, the old writes have the higher fence', () => {
    const clock = virtualClock()
    const manager = memoryManager({ scheduler: clock })
    const open = (epoch: number) =>
      openAlarm({
        key: '42',
        epoch,
        scheduler: clock,
        reconcile: false,
        commit: () => EMPTY,
        write: (time, info) => manager.write('42', time, info),
      })
    const first = open(1)
    for (let n = 0; n < 3; n++) first.set(1_000 + n)
    expect(() => open(1).set(500)).toThrow(expect.objectContaining({ code: 'ALARM_FENCED' }))
    open(2).set(500)
    expect(manager.get('42')).toBe(500)
  })
})
