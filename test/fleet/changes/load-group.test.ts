import { setImmediate } from 'node:timers/promises'
import { EMPTY } from 'rxjs'
import { expect, it, onTestFinished } from 'vitest'
import type { Change } from '../../../src/changes/change.ts'
import { groupLoader } from '../../../src/changes/load-group.ts'
import { openEngine } from '../../../src/fleet/fleet-engine.ts'
import type { LoadedAlarm } from '../../../src/fleet/resident.ts'
import { outside } from '../../../src/operators/async-context.ts'
import { virtualClock } from '../../virtual-clock.ts'

/** A loader over a store that answers at once, but for the actor `late`. */
function rig() {
  const clock = virtualClock()
  let answer!: (loaded: LoadedAlarm) => void
  const late = new Promise<LoadedAlarm>((resolve) => (answer = resolve))
  const engine = openEngine<string>({
    load: async (key) => (key === 'late' ? late : { time: null, epoch: 1 }),
    commit: () => EMPTY,
    write: () => EMPTY,
    reconcile: false,
    scheduler: clock,
  })
  onTestFinished(() => engine.close())
  const rejected: unknown[] = []
  const changeOf = (key: string): Change => ({
    key,
    shard: 0,
    work() {},
    context: outside,
    waitsSince: 0,
    resolve() {},
    reject: (error) => rejected.push(error),
    alarm: undefined,
    result: undefined,
    cut: undefined,
    isOver: false,
    isAlone: false,
    tries: 0,
  })
  const load = groupLoader<unknown>({ engine, scheduler: clock, timeout: 1_000 })
  return { clock, engine, load, changeOf, rejected, answer }
}

it('goes on with those that are loaded, and has the one that is not come again alone', async () => {
  const { clock, load, changeOf, rejected } = rig()
  const group = ['a', 'late', 'b'].map(changeOf)
  const again: Change[] = []
  let loaded: string[] | null = null
  const loading = load(group, again).then((members) => (loaded = members.map(({ actor }) => actor.key)))
  await clock.advance(249)
  expect(loaded).toBe(null)
  await clock.advance(1)
  await loading
  expect(loaded).toEqual(['a', 'b'])
  expect(again).toEqual([group[1]])
  expect(group.map(({ isAlone }) => isAlone)).toEqual([false, true, false])
  expect(rejected).toEqual([])
})

it('says what it has waited for when it was alone, and holds nothing in memory', async () => {
  const { clock, engine, load, changeOf, rejected, answer } = rig()
  const again: Change[] = []
  const loading = load([changeOf('late')], again)
  await clock.advance(999)
  expect(rejected).toEqual([])
  await clock.advance(1)
  expect(await loading).toEqual([])
  expect(again).toEqual([])
  expect(rejected).toMatchObject([
    { code: 'ALARM_TIMEOUT', message: expect.stringContaining('not loaded within 1000 ms') },
  ])
  answer({ time: null, epoch: 1 })
  await setImmediate()
  expect(engine.find('late')?.work).toBe(null)
})

it('holds in memory what it has loaded', async () => {
  const { engine, load, changeOf } = rig()
  const [member] = await load([changeOf('a')], [])
  expect(engine.find('a')?.work).not.toBe(null)
  member?.hold.unsubscribe()
  await setImmediate()
  expect(engine.find('a')?.work).toBe(null)
})
