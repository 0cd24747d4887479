import { NEVER } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { type AlarmManager, memoryManager, openFleet } from '../../src/index.ts'
import { sqliteStore, sqliteStores } from '../../src/sqlite/index.ts'
import { settled } from '../manager-contract.ts'
import { virtualClock } from '../virtual-clock.ts'
import { newFile } from './files.ts'

const HOUR = 3_600_000
const failed = { code: 'ALARM_PRECOMMIT_FAILED', cause: { code: 'ALARM_TIMEOUT' } }
const silent: AlarmManager = { write: () => NEVER, deliveries: () => NEVER }

describe('a manager that never answers has 10 s', () => {
  it('of a sqliteStore: a later write is tried again', async () => {
    const clock = virtualClock()
    const its = memoryManager({ scheduler: clock })
    let isSilent = false
    const manager = {
      ...its,
      write: (...call: Parameters<AlarmManager['write']>) => (isSilent ? NEVER : its.write(...call)),
    }
    const store = sqliteStore({ file: newFile(), key: 'a', manager, scheduler: clock })
    store.alarm.set(clock.now() + HOUR)
    await settled(store.alarm.drained() as never)
    isSilent = true
    const time = clock.now() + 2 * HOUR
    store.alarm.set(time)
    await clock.advance(9_999)
    const events: string[] = []
    store.alarm.events$.subscribe(({ kind }) => events.push(kind))
    await clock.advance(1)
    expect(events).toEqual(['write-failed', 'write-retried'])
    isSilent = false
    await clock.advance(1_000)
    expect(its.get('a')).toBe(time)
    await store.close()
  })

  it.each(['write', 'writeMany'])(
    'of sqliteStores, through %s: an earlier one breaks its actor',
    async (how) => {
      const clock = virtualClock()
      const manager = how === 'write' ? silent : { ...silent, writeMany: () => NEVER }
      const stores = sqliteStores({ file: newFile(), manager, scheduler: clock })
      const fleet = openFleet(stores)
      const actor = fleet.actor('a')
      actor.set(clock.now() + HOUR)
      const confirmed = settled(actor.confirmed() as never)
      let outcome: unknown = 'waits'
      void confirmed.then((end) => {
        outcome = end
      })
      await clock.advance(9_999)
      expect(outcome).toBe('waits')
      await clock.advance(1)
      expect(await confirmed).toMatchObject(failed)
      await fleet.close()
      await stores.close()
    },
  )
})
