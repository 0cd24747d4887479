import { metrics } from '@opentelemetry/api'
import { EMPTY, of } from 'rxjs'
import { describe, expect, it } from 'vitest'
import {
  type AlarmDelivery,
  deleteAlarm,
  keepAlarm,
  keepAlarms,
  maxPostpone,
  memoryManager,
  multiplexTimers,
  openAlarm,
  openFleet,
  setAlarm,
  setAlarmIn,
  type Timers,
} from '../../src/index.ts'
import { checkMarbles, drawTimeline, fakeManager, fakeStore, runMarbles } from '../../src/marbles/index.ts'
import { postgresManager, postgresStore } from '../../src/postgres/index.ts'
import { recordJournal, sqliteManager, sqliteStore, sqliteStores } from '../../src/sqlite/index.ts'
import { measureManager, traceAlarms, traceDeliveries } from '../../src/telemetry/otel/index.ts'
import { countsBy } from '../../src/telemetry/summaries/index.ts'
import { describeManager } from '../../src/vitest/index.ts'
import { newFile } from '../sqlite/files.ts'
import { virtualClock } from '../virtual-clock.ts'

const meter = metrics.getMeter('none')
const calls = { commit: () => EMPTY, write: () => EMPTY }
const load = () => of({ time: null, epoch: 1 })
const connectionString = 'postgres://nowhere.invalid/none'
const wrong = <T>(options: T): T => options
/** A name that is not there beside those that are: TypeScript sees no excess in a value that comes from elsewhere. */
const withName = <T extends object>(options: T, name: string): T => wrong({ ...options, [name]: 1 })

let values: Record<string, Timers> = {}
const timersOf = (more = {}) =>
  multiplexTimers({
    alarm: openAlarm(calls),
    load: () => values.timers,
    save: (timers) => {
      values = { timers }
    },
    ...more,
  })

const cases: [string, (name: string) => unknown][] = [
  ['setAlarm', (name) => setAlarm(5, withName({}, name))],
  ['setAlarmIn', (name) => setAlarmIn(5, withName({}, name))],
  ['deleteAlarm', (name) => deleteAlarm(withName({}, name))],
  ['openAlarm', (name) => openAlarm(withName(calls, name))],
  ['openAlarm, retry', (name) => openAlarm({ ...calls, retry: withName({ count: 1 }, name) })],
  ['keepAlarm', (name) => keepAlarm(withName(calls, name))],
  ['openFleet', (name) => openFleet(withName({ ...calls, load }, name))],
  ['keepAlarms', (name) => keepAlarms(withName({ ...calls, load }, name))],
  ['multiplexTimers', (name) => timersOf({ [name]: 1 })],
  ['timers.set', (name) => timersOf().set('tea', 5, withName({}, name))],
  ['timers.setIn', (name) => timersOf().setIn('tea', 5, withName({}, name))],
  ['timers.delete', (name) => timersOf().delete('tea', withName({}, name))],
  ['timers.deliver', (name) => timersOf().deliver({ scheduledTime: 5 }, () => EMPTY, withName({}, name))],
  ['maxPostpone', (name) => maxPostpone(5, withName({}, name))],
  ['memoryManager', (name) => memoryManager(withName({}, name))],
  ['deliveries', (name) => memoryManager().deliveries(() => EMPTY, withName({}, name))],
  ['sqliteManager', (name) => sqliteManager(withName({ file: newFile() }, name))],
  [
    'sqliteStore',
    (name) => sqliteStore(withName({ file: newFile(), key: 'a', manager: memoryManager() }, name)),
  ],
  ['sqliteStores', (name) => sqliteStores(withName({ file: newFile(), manager: memoryManager() }, name))],
  ['recordJournal', (name) => recordJournal(openAlarm(calls), withName({ file: newFile() }, name))],
  ['postgresManager', (name) => postgresManager(withName({ connectionString }, name))],
  ['alarm.set', (name) => openAlarm(calls).set(5, withName({}, name))],
  ['alarm.setIn', (name) => openAlarm(calls).setIn(5, withName({}, name))],
  ['alarm.delete', (name) => openAlarm(calls).delete(withName({}, name))],
  ['alarm.touch', (name) => openAlarm(calls).touch(withName({}, name))],
  [
    'the alarm of an actor of a fleet',
    (name) =>
      openFleet({ ...calls, load })
        .actor('a')
        .set(5, withName({}, name)),
  ],
]

const ofTheKit: [string, (name: string) => unknown][] = [
  ['countsBy', (name) => countsBy(() => 'x', withName({}, name))],
  ['drawTimeline', (name) => drawTimeline({ events: [] }, withName({ format: 'ascii' as const }, name))],
  ['fakeStore', (name) => fakeStore('|', withName({}, name))],
  ['fakeManager', (name) => fakeManager('|', withName({}, name))],
  ['runMarbles', (name) => runMarbles('ask -1-', withName({}, name))],
  ['checkMarbles', (name) => checkMarbles('ask -1-', withName({}, name))],
  [
    'describeManager',
    (name) => describeManager('never', () => ({ manager: memoryManager() }), withName({}, name)),
  ],
  ['traceAlarms', (name) => traceAlarms(withName({ meter }, name))],
  ['traceDeliveries', (name) => traceDeliveries(withName({ meter }, name))],
  ['measureManager', (name) => measureManager(memoryManager(), withName({ meter }, name))],
]

const store = () =>
  sqliteStore({ file: newFile(), key: 'a', manager: memoryManager(), scheduler: virtualClock() })
const ofStore: [string, (name: string) => unknown][] = [
  ['store.alarm.set', (name) => store().alarm.set(5, withName({}, name))],
  ['store.alarm.delete', (name) => store().alarm.delete(withName({}, name))],
  ['store.alarm.touch', (name) => store().alarm.touch(withName({}, name))],
  ['store.put', (name) => store().put('k', 1, withName({}, name))],
  ['store.delete', (name) => store().delete('k', withName({}, name))],
  ['store.list', (name) => store().list(withName({}, name))],
  ['store.deleteAll', (name) => store().deleteAll(withName({}, name))],
]

describe('a name that no option has', () => {
  it.each([...cases, ...ofStore, ...ofTheKit])('is refused: %s', (_, call) => {
    expect(() => call('kconfirmde')).toThrow(
      expect.objectContaining({
        code: 'ALARM_CONFIG_INVALID',
        message: expect.stringMatching(/ has no option "kconfirmde"\..* Known: \w+/),
      }),
    )
  })

  it('is refused before the file is touched, and rejects where the store is asynchronous', async () => {
    await expect(
      postgresStore(withName({ connectionString, key: 'a', manager: memoryManager() }, 'shema')),
    ).rejects.toMatchObject({
      code: 'ALARM_CONFIG_INVALID',
      message: expect.stringContaining('Did you mean schema?'),
    })
  })

  it.each([
    ['leese', 'Did you mean lease?'],
    ['laese', 'Did you mean lease?'],
    ['LEASE', 'Did you mean lease?'],
    ['sheduler', 'Did you mean scheduler?'],
    ['timeZone', 'has no option "timeZone". Known: scheduler, lease, redact.'],
    ['constructor', 'has no option "constructor". Known'],
  ])('and the one that was meant is named: %s', (name, said) => {
    expect(() => memoryManager(withName({}, name))).toThrow(said)
  })

  it('changes nothing: an alarm takes nothing with it', () => {
    const alarm = openAlarm(calls)
    alarm.set(5)
    expect(() => alarm.set(6, withName({}, 'allowUnconfirmd'))).toThrow('Did you mean allowUnconfirmed?')
    expect(alarm.time).toBe(5)
  })
})

describe('names that may be there', () => {
  it('are those of our own stores in a config of a fleet, alone, spread, and spread with more', async () => {
    const manager = memoryManager()
    for (const more of [undefined, {}, { scheduler: virtualClock(), idleAfter: 5, concurrency: 3 }]) {
      const stores = sqliteStores({ file: newFile(), manager })
      const fleet = openFleet(more === undefined ? stores : { ...stores, ...more })
      await fleet.close()
      keepAlarms({ ...stores, ...more, deliveries: () => EMPTY })
      expect(() => openFleet(withName(stores, 'idelAfter'))).toThrow('Did you mean idleAfter?')
      await stores.close()
    }
    const stores = sqliteStores({ file: newFile(), manager })
    expect(() => openFleet(withName(stores, 'file'))).toThrow('no option "file"')
    await stores.close()
  })

  it('are any of an instance of a class, which is no list of options', () => {
    class Own {
      readonly db = {}
      commit = () => EMPTY
      write = () => EMPTY
    }
    expect(openAlarm(new Own()).time).toBe(null)
  })

  it('are those of an object without a prototype, as of any other', () => {
    const bare = Object.assign(Object.create(null), { lease: 5 })
    memoryManager(bare)
    expect(() => memoryManager(Object.assign(bare, { leese: 5 }))).toThrow('Did you mean lease?')
  })

  it('are those of a delivery and a handler info, which are data of the manager', () => {
    const delivery: AlarmDelivery = { key: 'a', scheduledTime: 5, fence: 1, retryCount: 0 }
    const alarm = openAlarm({ ...calls, key: 'a' })
    alarm.set(5)
    const kinds: string[] = []
    alarm
      .deliver({ ...delivery, ...{ of: 'another manager' } }, () => EMPTY)
      .subscribe(({ kind }) => kinds.push(kind))
    expect(kinds).toEqual(['ran'])
  })
})
