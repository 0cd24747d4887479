import { memoryManager } from 'nolater'
import { Observable } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import type { LedgerManager } from '../../src/ledger/ledger-manager.ts'
import type { AlarmDelivery, DeliveryEvent } from '../../src/vocabulary/manager.ts'
import { newFile, newManager } from '../sqlite/files.ts'
import { type VirtualClock, virtualClock } from '../virtual-clock.ts'

const LEASE = 30_000
const HOUR = 3_600_000
const POLL = 1_000
const GRAIN = 4 // ms: two looks at two clocks

/** Random deliveries, with managers that share their alarms, while the wall clock is set at any moment. */
async function randomSteps(make: (clock: VirtualClock) => LedgerManager[], seed: number): Promise<string[]> {
  let state = seed * 2_654_435_761
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const clock = virtualClock(100 * HOUR)
  const managers = make(clock)
  const late = managers.length > 1 ? POLL : 0
  const wrong: string[] = []
  const fault = (text: string): unknown => wrong.push(`seed ${seed}, after ${clock.elapsed()} ms: ${text}`)
  const atWork = new Map<string, { readonly since: number; end(error?: unknown): void }>()
  const expected = new Map<string, Expected>()
  const fences = new Map<string, number>()
  const runs = new Map<string, number>()
  const begun = new Set<string>()
  let setAt = -1

  const handler = ({ key, scheduledTime, fence }: AlarmDelivery) =>
    new Observable<never>((subscriber) => {
      const since = clock.elapsed()
      runs.set(key, (runs.get(key) ?? 0) + 1)
      // What was due when it was taken is begun, wherever the clock is set from that very moment on.
      const isNew = !begun.has(`${key} ${fence}`)
      begun.add(`${key} ${fence}`)
      if (isNew && clock.now() < scheduledTime && setAt < since)
        fault(`${key} is ${scheduledTime - clock.now()} ms early`)
      const other = atWork.get(key)
      if (other !== undefined && since - other.since < LEASE - GRAIN) fault(`${key} has two handlers`)
      const own = {
        since,
        end: (error?: unknown) => (error === undefined ? subscriber.complete() : subscriber.error(error)),
      }
      atWork.set(key, own)
      if (random(4) === 0) setClock()
      return () => {
        if (atWork.get(key) === own) atWork.delete(key)
        const took = clock.elapsed() - since
        if (took > LEASE + GRAIN) fault(`the handler of ${key} runs for ${took} ms`)
      }
    })

  const hear = (event: DeliveryEvent): void => {
    const { key } = event
    const now = clock.elapsed()
    if (event.kind === 'delivered') {
      const { first, last, what } = expected.get(key) ?? { first: 0, last: Infinity, what: '' }
      if (now < first - GRAIN) fault(`${key} comes ${first - now} ms before the end of its ${what}`)
      if (now > last + late + GRAIN) fault(`${key} comes ${now - last} ms after the end of its ${what}`)
    }
    expected.delete(key)
    const expect = (rest: number, what: string): unknown =>
      expected.set(key, { first: now + rest, last: now + rest, what })
    const isNewest = event.fence === fences.get(key)
    if (
      event.kind === 'failed' &&
      isNewest &&
      event.retryAt !== null &&
      event.retryAt !== event.scheduledTime
    ) {
      const rest = event.retryAt - event.at
      expect(rest, `back-off of ${rest} ms`)
    }
    // Where it was written meanwhile, the new alarm comes at its own time.
    if (event.kind === 'expired' && isNewest && !atWork.has(key)) expect(0, 'lease')
  }

  function setClock(): void {
    const by = [1 + random(5), 1 + random(40_000), HOUR + random(HOUR)][random(3)]!
    clock.step(random(2) === 0 ? by : -by)
    setAt = clock.elapsed()
  }

  function write(key: string): void {
    const fence = (fences.get(key) ?? 0) + 1
    fences.set(key, fence)
    expected.delete(key)
    const time = random(5) === 0 ? null : Math.max(0, clock.now() + random(20_000) - 10_000)
    managers[random(managers.length)]!.write(key, time, { key, fence, move: 'later', attempt: 1 }).subscribe({
      error: () => {},
    }) // stale where a newer one was first
  }

  const keys = ['a', 'b']
  const subscriptions = managers.map((manager) => manager.deliveries(handler).subscribe(hear))
  for (let i = 0; i < 120; i++) {
    const key = keys[random(2)]!
    const chance = random(10)
    if (chance < 2) write(key)
    else if (chance < 3) atWork.get(key)?.end()
    else if (chance < 5) atWork.get(key)?.end(random(3) === 0 ? { counted: false } : new Error('no'))
    else if (chance < 7) setClock()
    else await clock.advance([random(50), random(3_000), random(LEASE)][random(3)]!)
    for (const [name, { last, what }] of expected) {
      if (clock.elapsed() > last + late + GRAIN) fault(`${name} waits beyond its ${what}`)
    }
    if (wrong.length > 0) break
  }
  for (const subscription of subscriptions) subscription.unsubscribe()
  if (runs.size < 1) fault('nothing ran')
  return wrong
}

/** When an alarm is to come again, after what. */
interface Expected {
  readonly first: number
  readonly last: number
  readonly what: string
}

const open: { close(): unknown }[] = []
afterEach(() => {
  for (const manager of open.splice(0)) manager.close()
})

const worlds: Record<string, readonly [runs: number, make: (clock: VirtualClock) => LedgerManager[]]> = {
  'one memoryManager': [300, (scheduler) => [memoryManager({ scheduler, lease: LEASE })]],
  'one sqliteManager': [40, (scheduler) => [newManager({ scheduler, lease: LEASE })]],
  'two sqliteManagers on one file': [
    60,
    (scheduler) => {
      const file = newFile()
      return [1, 2].map(() => newManager({ file, scheduler, lease: LEASE, pollInterval: POLL }))
    },
  ],
}

describe.each(Object.entries(worlds))('%s, while the clock is set at any moment', (_, [runs, make]) => {
  it('has one handler of a key at a time, and keeps the length of leases and back-offs', {
    timeout: 120_000,
  }, async () => {
    for (let seed = 1; seed <= runs; seed++) expect(await randomSteps(make, seed)).toEqual([])
  })
})
