import {
  catchError,
  concat,
  config,
  defer,
  endWith,
  forkJoin,
  from,
  ignoreElements,
  last,
  NEVER,
  type Observable,
  type ObservableInput,
  of,
  throwError,
  timer,
} from 'rxjs'
import { describe, expect, it } from 'vitest'
import {
  type AlarmDelivery,
  type EachResult,
  type FleetConfig,
  memoryManager,
  openFleet,
} from '../../src/index.ts'
import { virtualClock } from '../virtual-clock.ts'
import { atRest, outcome, rig, world } from './rig.ts'

// Alarms break here by the thousand, with no subscriber: what becomes of such errors is tested in reached.test.ts.
config.onUnhandledError = () => {}

/** Numbers that look random and come again for the same seed. */
function randomOf(seed: number): (below: number) => number {
  let state = seed * 2654435761
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0
    return ((((state ^ (state >>> 13)) >>> 0) / 2 ** 32) * below) | 0
  }
}

const KEYS = ['a', 'b', 'c', 'd']

/** Many at one go, each of them applied when it is, and answered with the last of them. */
const together =
  <T>(one: (item: T) => ObservableInput<unknown>) =>
  (all: readonly T[]) =>
    forkJoin(
      all.map((item) =>
        from(one(item)).pipe(
          endWith(null),
          last(),
          catchError((error) => of(error)),
        ),
      ),
    ) as ObservableInput<EachResult[]>

/** One schedule: intents, answers, failures, late answers, idle times, as they come. */
async function run(seed: number): Promise<void> {
  const random = randomOf(seed)
  const config: Partial<FleetConfig> = {
    concurrency: 1 + random(3),
    idleAfter: 50,
    reconcile: random(2) === 0,
    retry: { count: 2, delay: () => 20 },
  }
  const asks = (['load', 'commit', 'write'] as const).filter(() => random(4) > 0)
  const outside = world({ asks })
  const { write, commit } = outside.config
  const isMany = random(3) === 0
  if (isMany) config.writeMany = together(({ time, info }) => write(time, info))
  if (isMany) config.commitMany = together(({ time, info }) => commit(time, info))
  const { actor, fleet, calls, late, clock, asks: asked, stored, held } = rig({ outside, config })
  const strays: (() => void)[] = []
  const attempt = (work: () => void): void => {
    try {
      work()
    } catch {} // what broke the alarm
  }
  const look = (): void => {
    expect(late, `seed ${seed}`).toEqual([])
    const open = calls.filter(({ isOpen }) => isOpen)
    for (const name of ['load', 'commit', 'write'] as const) {
      const keys = open.filter((call) => call.name === name).map(({ key }) => key)
      if (isMany) continue // one that its actor gave up is under way for as long as the others of its call
      expect(new Set(keys).size, `seed ${seed}: one ${name} of a key`).toBe(keys.length)
      if (name !== 'commit') expect(keys.length, `seed ${seed}`).toBeLessThanOrEqual(config.concurrency!)
    }
  }

  for (let step = 0; step < 40; step++) {
    const key = KEYS[random(KEYS.length)] as string
    const open = calls.filter(({ isOpen }) => isOpen)
    const call = open[random(open.length)]
    const what = random(20)
    if (what < 7) attempt(() => actor(key).set(random(6)))
    else if (what < 9) attempt(() => actor(key).delete())
    else if (what === 9) attempt(() => actor(key).touch())
    else if (what < 15) call?.done()
    else if (what === 15) call?.fail()
    else if (what === 16 && call !== undefined) {
      // Its client hears of a failure, or gave up; yet it is applied, now or later.
      const { done } = call
      if (call.name === 'write') strays.push(done)
      call.fail()
    } else if (what === 17) strays.splice(random(strays.length), 1)[0]?.()
    else if (what === 18) actor(key).close()
    else await clock.advance(random(60))
    look()
  }

  asked.clear()
  for (let open = calls.filter(({ isOpen }) => isOpen); open.length > 0; ) {
    for (const call of open) call.done()
    await clock.advance(0)
    open = calls.filter(({ isOpen }) => isOpen)
    look()
  }
  for (const stray of strays) stray()
  await clock.advance(60_000) // one that has broken again and again is refused for so long
  for (const key of KEYS) actor(key).set(7) // none has it yet, so each writes
  await clock.advance(100)
  look()
  expect(outcome(fleet.drained()).end, `seed ${seed}`).toBe('done')
  for (const key of KEYS) {
    expect([stored.get(key)?.time, held.get(key)?.time], `seed ${seed}, ${key}`).toEqual([7, 7])
  }
  expect(fleet.pressure, `seed ${seed}`).toMatchObject({ loading: 0, waiting: 0, writing: 0 })
}

/** A store, a manager that delivers, a network that fails before or after what it should do, and actors that come and go. */
async function runWithDeliveries(seed: number): Promise<void> {
  const random = randomOf(seed)
  const clock = virtualClock(0)
  const manager = memoryManager({ scheduler: clock, lease: 500 })
  const { config, stored } = world()
  let isFlaky = true
  const rest = (): Observable<never> => timer(random(3) * 5, clock).pipe(ignoreElements())
  const flaky = <T>(call: () => ObservableInput<T>): ObservableInput<T> =>
    defer(() => {
      const fault = isFlaky ? random(12) : 12
      const call$ = concat(rest(), defer(call), rest())
      if (fault === 0) return throwError(() => new Error('before'))
      return fault === 1
        ? concat(
            call$,
            throwError(() => new Error('after')),
          )
        : call$
    })
  const write: FleetConfig['write'] = (time, info) => manager.write(info.key, time, info)
  const fleet = openFleet({
    load: (key) => flaky(() => config.load(key)),
    commit: (time, info) => flaky(() => config.commit(time, info)),
    write: (time, info) => flaky(() => write(time, info)),
    ...(random(3) === 0 && {
      writeMany: (all) =>
        flaky(() => together<(typeof all)[number]>(({ time, info }) => write(time, info))(all)),
    }),
    concurrency: 1 + random(3),
    idleAfter: 1 + random(100),
    scheduler: clock,
  })
  const attempt = (work: () => void): void => {
    try {
      work()
    } catch {} // what broke the alarm
  }
  const look = (): void => {
    for (const key of KEYS) {
      const time = stored.get(key)?.time ?? null
      const held = manager.get(key)
      if (time !== null && (held === null || held > time))
        expect([held, time], `seed ${seed}, ${key}`).toBe('not late')
    }
  }
  const wake = (key: string): ObservableInput<unknown> => {
    const what = isFlaky ? random(6) : 5
    if (what === 0) throw new Error('no')
    if (what === 1) attempt(() => fleet.actor(key).set(clock.now() + random(100)))
    if (what === 2) attempt(() => fleet.actor(key).delete())
    return what === 3 ? NEVER : rest()
  }
  const deliver = (delivery: AlarmDelivery) => fleet.deliver(delivery, () => wake(delivery.key))
  manager.deliveries(deliver, { abandon: fleet.abandon, concurrency: 3 }).subscribe()

  for (let step = 0; step < 40; step++) {
    const key = KEYS[random(KEYS.length)] as string
    const what = random(6)
    if (what < 3) attempt(() => fleet.actor(key).set(clock.now() + random(200)))
    else if (what === 3)
      attempt(() => (random(3) === 0 ? fleet.actor(key).close() : fleet.actor(key).delete()))
    else await clock.advance(random(80))
    look()
  }
  isFlaky = false
  await clock.advance(10_000_000)
  look()
  for (const key of KEYS) {
    expect([stored.get(key)?.time ?? null, manager.get(key)], `seed ${seed}, ${key}`).toEqual([null, null])
  }
  expect(fleet.pressure, `seed ${seed}`).toEqual(atRest)
}

describe('a fleet on random schedules', () => {
  it('is never late, and loses no alarm, with a manager that delivers and a network that fails', async () => {
    for (let seed = 1; seed <= 100; seed++) await runWithDeliveries(seed)
  })

  it('is never late, has one of everything for a key, and comes to rest', async () => {
    for (let seed = 1; seed <= 300; seed++) await run(seed)
  })
})
