import { EMPTY } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { isLocked, look, managerOf, open, script, turn } from './sqlite-store-rig.ts'

// S is a number of the conformance list (see marbles/README.md): a test of cloudflare/workerd, with the name that it has there.
describe('sqliteStore: the scenarios of an actor whose alarm is stored with its state', () => {
  it('S6 alarm write happens transactionally with storage ops', async () => {
    const { store, file, calls, ok } = await script()
    store.alarm.set(1)
    store.put('foo', 'bar')
    expect(await calls()).toEqual(['write 1'])
    expect(look(file)).toMatchObject({ alarm: null, values: [] })
    expect(await ok()).toEqual(['commit'])
    expect(look(file)).toMatchObject({ alarm: 1, values: ['foo'] })
    expect(await ok()).toEqual([])
    expect(store.alarm.time).toBe(1)
    expect(store.get('foo')).toBe('bar')
  })

  it('S7 storage op without alarm change does not wait on scheduler', async () => {
    const { store, file, calls, ok } = await script()
    store.put('foo', 'bar')
    expect(await calls()).toEqual(['commit'])
    expect(look(file).values).toEqual(['foo'])
    expect(await ok()).toEqual([])
    expect(store.alarm.time).toBe(null)
  })

  it('S8 alarm scheduling starts at the end of the turn, before the implicit local db commit', async () => {
    const seen: unknown[] = []
    const { store, file } = await script({
      replicate: undefined as never,
      manager: managerOf((time) => {
        seen.push([time, isLocked(file), look(file).alarm])
        return EMPTY
      }),
    })
    store.alarm.set(2)
    await turn()
    seen.length = 0
    store.alarm.set(1)
    expect(seen).toEqual([])
    await turn()
    expect(seen).toEqual([[1, true, 2]])
    expect(look(file).alarm).toBe(1)
    expect(isLocked(file)).toBe(false)
    expect(store.alarm.time).toBe(1)
  })

  it('S9 alarm scheduling starts synchronously before explicit local db commit', async () => {
    const { store, file, init, now, ok } = await script()
    await init(2)
    store.transaction(() => {
      store.alarm.set(1)
      expect(now()).toEqual([])
    })
    expect(now()).toEqual(['write 1'])
    expect(isLocked(file)).toBe(true)
    expect(look(file).alarm).toBe(2)
    expect(await ok()).toEqual(['commit'])
    expect(look(file).alarm).toBe(1)
    expect(await ok()).toEqual([])
    expect(store.alarm.time).toBe(1)
  })

  it('S10 alarm scheduling does not start before nested explicit local db commit', async () => {
    const { store, init, now, ok } = await script()
    await init(2)
    store.transaction(() => {
      store.transaction(() => store.alarm.set(1))
      expect(now()).toEqual([])
    })
    expect(now()).toEqual(['write 1'])
    expect(await ok()).toEqual(['commit'])
    expect(await ok()).toEqual([])
    expect(store.alarm.time).toBe(1)
  })

  describe('S11 synchronous alarm scheduling failure', () => {
    const broken = async () => {
      const { store, file, init } = await script()
      await init(2)
      store.close()
      return script({
        file,
        manager: managerOf(() => {
          throw new Error('a_sync_fail')
        }),
      })
    }

    it('rolls the implicit transaction back and breaks the gate', async () => {
      const { store, file, calls, send } = await broken()
      store.alarm.set(1)
      store.put('foo', 1)
      const sent = send()
      expect(await calls()).toEqual([])
      expect(look(file)).toMatchObject({ alarm: 2, values: [] })
      expect(isLocked(file)).toBe(false)
      expect([sent.state, send().state]).toEqual(['broken(a_sync_fail)', 'broken(a_sync_fail)'])
    })

    it('is thrown by the transaction, which is rolled back whole', async () => {
      const { store, file, now, send } = await broken()
      const failed = expect.objectContaining({
        code: 'ALARM_PRECOMMIT_FAILED',
        cause: expect.objectContaining({ message: 'a_sync_fail' }),
      })
      store.put('before', 1)
      expect(() =>
        store.transaction(() => {
          store.put('foo', 1)
          store.transaction(() => store.alarm.set(1))
        }),
      ).toThrow(failed)
      expect(now()).toEqual([])
      expect(look(file)).toMatchObject({ alarm: 2, values: [] })
      expect(isLocked(file)).toBe(false)
      expect(send().state).toBe('broken(a_sync_fail)')
      expect(() => store.get('foo')).toThrow(failed)
    })
  })

  it('S12 can clear alarm', async () => {
    const { store, file, init, calls, ok } = await script()
    await init(1)
    store.alarm.delete()
    expect(await calls()).toEqual(['commit'])
    expect(look(file).alarm).toBe(null)
    expect(await ok()).toEqual(['write none'])
    expect(await ok()).toEqual([])
    expect(store.alarm.time).toBe(null)
  })

  it('S13 can set alarm twice', async () => {
    const { store, calls, ok } = await script()
    store.alarm.set(1)
    store.alarm.set(2)
    expect(await calls()).toEqual(['write 2'])
    expect(await ok()).toEqual(['commit'])
    expect(await ok()).toEqual([])
    expect(store.alarm.time).toBe(2)
  })

  it('S14 setting duplicate alarm is no-op', async () => {
    const { store, file, calls, init } = await script()
    store.alarm.delete()
    expect(await calls()).toEqual([])
    await init(1)
    store.alarm.set(1)
    expect(await calls()).toEqual([])
    expect(isLocked(file)).toBe(false)
  })

  it('S18 runs overdue alarm immediately when local alarm time is in the past', async () => {
    const { store, clock, init, arm, calls, ok } = await script()
    await init(2)
    clock.frame = 5
    const arrival = arm(1)
    expect([arrival.runs, await calls()]).toEqual([1, []])
    arrival.succeed()
    expect(await calls()).toEqual(['commit'])
    expect(await ok()).toEqual([])
    expect(arrival.outcomes).toEqual([{ kind: 'ran', scheduledTime: 2, retryCount: 0 }])
    expect(store.alarm.time).toBe(null)
  })

  it('S19 does not cancel handler when local db alarm state is later than scheduled alarm', async () => {
    const { store, init, arm, calls, ok } = await script()
    await init(1)
    store.alarm.set(2)
    const arrival = arm(1)
    expect(await calls()).toEqual(['commit'])
    expect(arrival.runs).toBe(1)
    arrival.succeed()
    expect(await calls()).toEqual([])
    expect(await ok()).toEqual(['write 2'])
    expect(await ok()).toEqual([])
    expect(arrival.outcomes).toHaveLength(1)
    expect(store.alarm.time).toBe(2)
  })

  it('S23 alarm deleter does not clear alarm when dropped with writes', async () => {
    const { store, init, arm, calls, ok } = await script()
    await init(1)
    const arrival = arm(1)
    store.alarm.set(2)
    arrival.succeed()
    expect(await calls()).toEqual(['commit'])
    expect(await ok()).toEqual(['write 2'])
    expect(await ok()).toEqual([])
    expect(arrival.outcomes).toEqual([{ kind: 'ran', scheduledTime: 1, retryCount: 0 }])
    expect(store.alarm.time).toBe(2)
  })

  it('S24 can cancel deferred alarm deletion during handler', async () => {
    const { store, init, arm, calls } = await script()
    await init(1)
    const arrival = arm(1)
    expect(store.alarm.time).toBe(null)
    arrival.fail()
    expect(store.alarm.time).toBe(1)
    expect(await calls()).toEqual([])
    expect(arrival.outcomes).toEqual([new Error('the handler failed')])
  })

  it('S35 rejected move-later alarm scheduling request does not break gate', async () => {
    const { store, init, calls, ok, fail, send } = await script({ retry: { count: 0 } })
    await init(1)
    store.alarm.set(2)
    expect(await calls()).toEqual(['commit'])
    expect(await ok()).toEqual(['write 2'])
    expect(await fail('a_rejected_scheduleRun')).toEqual([])
    expect(send().state).toBe('open')
    store.put('foo', 1)
    expect(await calls()).toEqual(['commit'])
    expect(await ok()).toEqual([])
    expect(store.alarm.time).toBe(2)
  })

  it('S40 getAlarm/setAlarm check for brokenness', async () => {
    const { store, calls, fail, send } = await script()
    store.put('foo', 1)
    const sent = send()
    expect(await calls()).toEqual(['commit'])
    expect(await fail('a_rejected_commit')).toEqual([])
    expect(sent.state).toBe('broken(a_rejected_commit)')
    const failed = expect.objectContaining({ code: 'ALARM_COMMIT_FAILED' })
    expect(() => store.alarm.time).toThrow(failed)
    expect(() => store.alarm.delete()).toThrow(failed)
    expect(() => store.put('foo', 2)).toThrow(failed)
    expect(() => store.sql.all('SELECT 1')).toThrow(failed)
    expect(() => store.transaction(() => {})).toThrow(failed)
    expect(await calls()).toEqual([])
  })

  it('S41, S45 calling deleteAll() preserves alarm state if alarm is set', async () => {
    const { store, file, init, calls, ok } = await script()
    await init(1)
    store.put('foo', 1)
    await calls()
    await ok()
    store.deleteAll()
    expect([store.alarm.time, store.list().size]).toEqual([1, 0])
    expect(await calls()).toEqual(['commit'])
    expect(look(file)).toMatchObject({ alarm: 1, values: [] })
    expect(await ok()).toEqual([])
    store.deleteAll()
    store.deleteAll()
    expect(await calls()).toEqual(['commit']) // one turn, one commit
    expect(await ok()).toEqual([])
    expect(store.alarm.time).toBe(1)
  })

  it('S43 calling deleteAll() during an implicit transaction preserves alarm state', async () => {
    const { store, calls, ok } = await script()
    store.alarm.set(1)
    store.deleteAll()
    expect(store.alarm.time).toBe(1)
    expect(await calls()).toEqual(['write 1'])
    expect(await ok()).toEqual(['commit'])
    expect(await ok()).toEqual([])
    expect(store.alarm.time).toBe(1)
  })

  it('S44 deleteAll with deleteAlarm option deletes alarm', async () => {
    const { store, init, calls, ok } = await script()
    await init(1)
    store.deleteAll({ deleteAlarm: true })
    expect(store.alarm.time).toBe(null)
    expect(await calls()).toEqual(['commit'])
    expect(await ok()).toEqual(['write none'])
    expect(await ok()).toEqual([])
  })

  it('S46 deleteAll with deleteAlarm during alarm handler cancels deferred delete', async () => {
    const { store, file, init, arm, calls, ok } = await script()
    await init(1)
    const arrival = arm(1)
    expect(store.alarm.time).toBe(null)
    store.deleteAll({ deleteAlarm: true })
    expect(store.alarm.time).toBe(null)
    arrival.succeed()
    expect(await calls()).toEqual(['commit'])
    expect(look(file).alarm).toBe(null)
    expect(await ok()).toEqual(['write none'])
    expect(await ok()).toEqual([])
    expect([store.alarm.time, arrival.outcomes.length]).toEqual([null, 1])
  })

  it('S47 deleteAll without deleteAlarm during alarm handler still has deferred delete', async () => {
    const { store, file, init, arm, calls, ok } = await script()
    store.put('foo', 1)
    await calls()
    await ok()
    await init(1)
    const arrival = arm(1)
    store.deleteAll()
    expect(store.alarm.time).toBe(null)
    arrival.succeed()
    expect(look(file)).toMatchObject({ alarm: null, values: [] })
    expect(await calls()).toEqual(['commit']) // the deletion and the data in one
    expect(await ok()).toEqual([])
    expect([store.alarm.time, arrival.outcomes.length]).toEqual([null, 1])
  })

  it('S49 rolling back transaction leaves alarm in expected state', async () => {
    const { store, file, init, calls } = await script()
    await init(2)
    expect(() =>
      store.transaction(() => {
        expect(store.alarm.time).toBe(2)
        store.alarm.set(1)
        expect(store.alarm.time).toBe(1)
        throw new Error('undo')
      }),
    ).toThrow('undo')
    expect(store.alarm.time).toBe(2)
    expect(isLocked(file)).toBe(false)
    expect(await calls()).toEqual([])
  })

  it('S50 rolling back transaction leaves deferred alarm deletion in expected state', async () => {
    const { store, init, arm, calls, ok } = await script()
    await init(2)
    const arrival = arm(2)
    expect(() =>
      store.transaction(() => {
        expect(store.alarm.time).toBe(null)
        store.alarm.set(1)
        expect(store.alarm.time).toBe(1)
        throw new Error('undo')
      }),
    ).toThrow('undo')
    expect(store.alarm.time).toBe(null)
    expect(await calls()).toEqual([])
    arrival.succeed()
    expect(await calls()).toEqual(['commit'])
    expect(await ok()).toEqual([])
    expect([store.alarm.time, arrival.outcomes.length]).toEqual([null, 1])
  })

  it('S52 rolling back nested transaction leaves deferred alarm deletion in expected state', async () => {
    const { store, init, arm, calls, ok } = await script()
    await init(2)
    const arrival = arm(2)
    const undone = (work: () => void) =>
      expect(() =>
        store.transaction(() => {
          work()
          throw new Error('undo')
        }),
      ).toThrow('undo')
    undone(() => {
      expect(store.alarm.time).toBe(null)
      undone(() => {
        expect(store.alarm.time).toBe(null)
        store.alarm.set(1)
        expect(store.alarm.time).toBe(1)
      })
      expect(store.alarm.time).toBe(null)
      store.transaction(() => {
        expect(store.alarm.time).toBe(null)
        store.alarm.set(1)
        expect(store.alarm.time).toBe(1)
      })
      expect(store.alarm.time).toBe(1)
      undone(() => expect(store.alarm.time).toBe(1))
      expect(store.alarm.time).toBe(1)
    })
    expect(store.alarm.time).toBe(null)
    expect(await calls()).toEqual([])
    arrival.succeed()
    expect(await calls()).toEqual(['commit'])
    expect(await ok()).toEqual([])
    expect(store.alarm.time).toBe(null)
  })

  it('S71, S78 allowUnconfirmed setAlarm does not block output gate, its failure breaks it', async () => {
    const { store, calls, ok, fail, send } = await script()
    store.alarm.set(1, { allowUnconfirmed: true })
    expect(send().state).toBe('open')
    expect(await calls()).toEqual(['write 1'])
    expect(send().state).toBe('open')
    expect(await ok()).toEqual(['commit'])
    expect(send().state).toBe('open')
    expect(await ok()).toEqual([])
    expect([send().state, store.alarm.time]).toEqual(['open', 1])
    store.alarm.set(2, { allowUnconfirmed: true })
    expect(await calls()).toEqual(['commit'])
    expect(await fail('alarm commit failed')).toEqual([])
    expect(send().state).toBe('broken(alarm commit failed)')
  })

  it('S72 confirmed setAlarm blocks output gate', async () => {
    const { store, calls, ok, send } = await script()
    const before = send()
    store.alarm.set(1)
    const sent = [send()]
    const states = () => sent.map(({ state }) => state)
    expect([before.state, ...states()]).toEqual(['open', 'closed'])
    expect(await calls()).toEqual(['write 1'])
    sent.push(send())
    expect(states()).toEqual(['closed', 'closed'])
    expect(await ok()).toEqual(['commit'])
    sent.push(send())
    expect(states()).toEqual(['closed', 'closed', 'closed'])
    expect(await ok()).toEqual([])
    expect([...states(), send().state]).toEqual(['open', 'open', 'open', 'open'])
  })

  it('S73 allowUnconfirmed setAlarm then confirmed put uses output gate', async () => {
    const { store, calls, ok, send } = await script()
    store.alarm.set(1, { allowUnconfirmed: true })
    const between = send()
    store.put('foo', 1)
    const after = send()
    expect([between.state, after.state]).toEqual(['open', 'closed'])
    expect(await calls()).toEqual(['write 1'])
    expect(await ok()).toEqual(['commit'])
    expect([after.state, send().state]).toEqual(['closed', 'closed'])
    expect(await ok()).toEqual([])
    expect([after.state, send().state]).toEqual(['open', 'open'])
  })

  it('a confirmed put closes the gate, whatever follows it in the turn', async () => {
    const { store, calls, ok, send } = await script()
    store.put('foo', 1)
    store.put('bar', 1, { allowUnconfirmed: true })
    store.alarm.set(1, { allowUnconfirmed: true })
    const sent = send()
    expect(await calls()).toEqual(['write 1'])
    expect(await ok()).toEqual(['commit'])
    expect(sent.state).toBe('closed')
    await ok()
    expect(sent.state).toBe('open')
  })

  it('S74 allowUnconfirmed setAlarm with storage ops', async () => {
    const { store, calls, ok, send } = await script()
    store.alarm.set(1, { allowUnconfirmed: true })
    store.put('foo', 1, { allowUnconfirmed: true })
    store.delete('foo', { allowUnconfirmed: true })
    expect(send().state).toBe('open')
    expect(await calls()).toEqual(['write 1'])
    expect(send().state).toBe('open')
    expect(await ok()).toEqual(['commit'])
    expect(send().state).toBe('open')
    expect(await ok()).toEqual([])
  })

  it('S75 allowUnconfirmed setAlarm updating existing alarm', async () => {
    const { store, init, calls, ok, send } = await script()
    await init(2)
    store.alarm.set(1, { allowUnconfirmed: true })
    expect(await calls()).toEqual(['write 1'])
    expect(send().state).toBe('open')
    expect(await ok()).toEqual(['commit'])
    expect(await ok()).toEqual([])
    expect([send().state, store.alarm.time]).toEqual(['open', 1])
  })

  it('S77 allowUnconfirmed setAlarm to clear alarm', async () => {
    const { store, init, calls, ok, send } = await script()
    await init(1)
    store.alarm.delete({ allowUnconfirmed: true })
    expect(await calls()).toEqual(['commit'])
    expect(send().state).toBe('open')
    expect(await ok()).toEqual(['write none'])
    expect(await ok()).toEqual([])
    expect(send().state).toBe('open')
  })

  it('S86 allowUnconfirmed setAlarm in explicit transaction does not block output gate', async () => {
    const { store, now, ok, send } = await script()
    store.transaction(() => {
      store.alarm.set(1, { allowUnconfirmed: true })
      expect(send().state).toBe('open')
    })
    expect([send().state, now()]).toEqual(['open', ['write 1']])
    expect(await ok()).toEqual(['commit'])
    expect(await ok()).toEqual([])
    expect([send().state, store.alarm.time]).toEqual(['open', 1])
  })

  it('S111 deleteAll({ deleteAlarm }) removes the values and the alarm; the handler never runs', async () => {
    const { store, calls, init, ok, arm } = await script()
    await init(600_000)
    store.put('key', 'value')
    await calls()
    await ok()
    store.deleteAll({ deleteAlarm: true })
    expect([store.get('key'), store.alarm.time]).toEqual([undefined, null])
    await calls()
    expect(await ok()).toEqual(['write none'])
    await ok()
    const late = arm(600_000)
    expect(await calls()).toEqual(['write none'])
    await ok()
    expect([late.runs, late.outcomes]).toEqual([
      0,
      [{ kind: 'rescheduled', scheduledTime: 600_000, time: null }],
    ])
  })

  it('S112 deleteAll() removes the values and preserves the alarm', async () => {
    const store = open()
    store.alarm.set(600_000)
    store.put('key', 'value')
    await turn()
    store.deleteAll()
    await turn()
    expect([store.get('key'), store.alarm.time]).toEqual([undefined, 600_000])
    store.alarm.delete()
    await turn()
    expect(store.alarm.time).toBe(null)
  })

  it('S116 testRollbackAlarmInit', async () => {
    const { store, calls, ok } = await script()
    expect(() =>
      store.transaction(() => {
        store.alarm.set(1)
        throw new Error('undo')
      }),
    ).toThrow('undo')
    expect(store.alarm.time).toBe(null)
    store.alarm.set(2)
    expect(await calls()).toEqual(['write 2'])
    expect(await ok()).toEqual(['commit'])
    expect(await ok()).toEqual([])
    expect(store.alarm.time).toBe(2)
  })
})
