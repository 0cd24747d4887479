import { EMPTY } from 'rxjs'
import { startWatch } from '../engine/sample.ts'
import type { AlarmManager } from '../nolater.ts'
import { type ActorStore, sqliteStore } from '../nolater-sqlite.ts'
import { makeScratch } from '../scratch.ts'
import { type Spread, spreadOf } from '../stats.ts'
import { digits, table } from '../table.ts'

const FEW = 10
const MANY = 100_000
const ROUNDS = 9
const TOGETHER = 1_000
const FAR = 4_000_000_000_000

/** The manager answers at once: the store is what is measured. */
const manager: AlarmManager = { write: () => EMPTY, deliveries: () => EMPTY }

/** What it costs to set a timer of an actor that has ten, and of one that has 100,000; and to handle all of those. */
export async function timers(): Promise<Record<string, Spread>> {
  const folder = makeScratch('timers')
  const [few, many] = [FEW, MANY].map((count) => openWith(`${folder}/${count}.db`, count)) as [
    ActorStore,
    ActorStore,
  ]
  const measured: Record<string, Spread> = {}
  const pair = (what: string, measure: (store: ActorStore, round: number) => number): void => {
    const ofFew: number[] = []
    const ofMany: number[] = []
    // They take turns, so that what the machine does meanwhile is in both.
    for (let round = 0; round < ROUNDS; round++) {
      ofFew.push(measure(few, round))
      ofMany.push(measure(many, round))
    }
    measured[`${what}, of ${FEW}`] = spreadOf(ofFew)
    measured[`${what}, of ${digits(MANY)}`] = spreadOf(ofMany)
    measured[`${what}, ratio`] = spreadOf(ofMany.map((ns, round) => ns / (ofFew[round] as number)))
  }
  pair('a set, a commit each: ns', (store, round) => setEach(store, round, 200))
  pair('a set, 1,000 in a commit: ns', (store) => setTogether(store, () => FAR))
  pair('... all over the index: ns', (store, round) => setTogether(store, (i) => scattered(i, round)))
  await Promise.all([few.close(), many.close()])
  Object.assign(measured, await handleAll(folder))
  console.log(
    table(
      ['', 'median', 'least to most'],
      Object.entries(measured).map(([what, { median, min, max }]) => [
        what,
        digits(median),
        `${digits(min)} to ${digits(max)}`,
      ]),
    ),
  )
  return measured
}

function openWith(file: string, count: number): ActorStore {
  const store = sqliteStore({ file, key: 'a', manager, reconcile: false })
  store.transaction(() => {
    for (let i = 0; i < count; i++) store.timers.set(`timer-${i}`, FAR + spread(i))
  })
  return store
}

/** Somewhere among the others. */
const spread = (i: number): number => (i * 7_919) % 1_000_003

/** The same names in both, and times that are among those there are; CPU time, without the disk's. */
function setEach(store: ActorStore, round: number, sets: number): number {
  const watch = startWatch()
  for (let i = 0; i < sets; i++) {
    store.transaction(() => store.timers.set(`timer-${i % FEW}`, scattered(i, round)))
  }
  return watch() / sets
}

function setTogether(store: ActorStore, timeOf: (i: number) => number): number {
  const watch = startWatch()
  store.transaction(() => {
    for (let i = 0; i < TOGETHER; i++) store.timers.set(`timer-${i % FEW}`, timeOf(i) + i)
  })
  return watch() / TOGETHER
}

const scattered = (i: number, round: number): number => FAR + spread(i * 31 + round * 101)

/** All of them are due at once, and their handlers synchronous. */
async function handleAll(folder: string): Promise<Record<string, Spread>> {
  const measured: Record<string, Spread> = {}
  for (const how of ['one by one', 'in one batch'] as const) {
    const seconds: number[] = []
    for (let round = 0; round < 3; round++) {
      const store = sqliteStore({
        file: `${folder}/due-${how}-${round}.db`,
        key: 'a',
        manager,
        reconcile: false,
      })
      const due = Date.now()
      store.transaction(() => {
        for (let i = 0; i < MANY; i++) store.timers.set(`timer-${i}`, due)
      })
      const watch = startWatch()
      const wakeup = { scheduledTime: due }
      const delivery =
        how === 'one by one'
          ? store.timers.deliver(wakeup, () => EMPTY)
          : store.timers.deliverBatch(wakeup, () => EMPTY)
      await new Promise<void>((complete, error) => delivery.subscribe({ complete, error }))
      seconds.push(watch() / 1e9)
      if (store.timers.list({ limit: 1 }).length > 0) throw new Error('There are timers left.')
      await store.close()
    }
    measured[`${digits(MANY)} due, handled ${how}: s`] = spreadOf(seconds)
  }
  return measured
}
