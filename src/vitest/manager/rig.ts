import {
  asyncScheduler,
  defer,
  EMPTY,
  lastValueFrom,
  type Observable,
  type ObservableInput,
  timer,
  toArray,
} from 'rxjs'
import type { ExpectStatic } from 'vitest'
import type {
  AlarmDelivery,
  AlarmManager,
  AlarmScope,
  AlarmTime,
  DeliveryOptions,
  ListedAlarm,
  ListOptions,
  ManagerStats,
  WriteInfo,
} from '../../index.ts'
import { virtualClock } from '../../marbles/index.ts'
import { type Delivered, type Deliveries, record } from './deliveries.ts'
import type { DescribeManagerOptions, ManagerFactory, ManagerNeed, ManagerUnderTest } from './factory.ts'

/** What a test of the kit asks of a manager, in whichever time it lives. */
export interface Rig {
  /** of this test: the global one cannot tell tests apart that run at once */
  readonly expect: ExpectStatic
  readonly manager: AlarmManager
  /** the clock that fires, when the test began: to count from */
  readonly t0: number
  /** a stretch of time to work with, ms: seconds where it is virtual, as short as can be where it is real */
  readonly unit: number
  readonly lease: number
  readonly isVirtual: boolean
  now(): number
  /** `done`, or the error */
  write(key: string, time: AlarmTime, fence: number, move?: WriteInfo['move']): Promise<unknown>
  deliver(
    handler?: (delivery: AlarmDelivery) => ObservableInput<unknown>,
    options?: DeliveryOptions,
  ): Deliveries
  /** what it lists; where it cannot, the test is skipped, as are those that retry and discard */
  list(options?: ListOptions): Promise<readonly ListedAlarm[]>
  retry(key: string, fence?: number): Promise<boolean>
  discard(key: string, fence?: number): Promise<boolean>
  /** likewise: those that reschedule, pause, resume, drain, or count */
  reschedule(key: string, time: number, fence?: number): Promise<boolean>
  pause(scope?: AlarmScope): Promise<boolean>
  resume(scope?: AlarmScope): Promise<boolean>
  drain(): Promise<void>
  stats(): Promise<ManagerStats>
  /** lets time pass */
  wait(ms: number): Promise<void>
  /** lets time pass until it holds; at most `ms` and what the manager may be late */
  until(holds: () => boolean, ms: number): Promise<void>
  /** sets the clock; only where it is virtual */
  step(ms: number): void
  /** says how a delivery differs from one at `time`; never early, and not later than the manager may be; `''` if it does not */
  offTime(delivery: Delivered | undefined, time: number): string
  /** in order, for where theirs is not promised */
  keysOf(keys: readonly string[]): string[]
  /** the same rig after a restart */
  reopen(): Promise<Rig>
  another(): Promise<Rig>
  cleanup(): Promise<void>
}

/** Thrown where a test needs what this manager cannot do. */
export class Cannot extends Error {
  override readonly name = 'Cannot'
}

const TURN = 5

/** ms; in real time a busy machine takes longer than a short lease, so only what waits for its end has one */
const leases = { virtual: 30_000, short: 1_000, long: 60_000 }

export async function openRig(
  factory: ManagerFactory,
  options: DescribeManagerOptions,
  expect: ExpectStatic,
  needs: readonly ManagerNeed[] = [],
): Promise<Rig> {
  const isVirtual = options.time !== 'real'
  const late = options.late ?? (isVirtual ? 0 : 3_000)
  const unit = isVirtual ? 1_000 : (options.unit ?? 200)
  const lease = leases[isVirtual ? 'virtual' : needs.includes('lease') ? 'short' : 'long']
  const clock = virtualClock(isVirtual ? 1_000_000 : 0)
  const made = await factory({ clock, lease })
  const hosted = isVirtual ? clock : asyncScheduler
  // The clock that fires and ours differ by as much all the time; a step is the only thing that could change it.
  // Our clock is read first: were it read after theirs, the way back would make punctual deliveries look early.
  const asked = hosted.now()
  const ahead = isVirtual || made.now === undefined ? 0 : (await made.now()) - asked
  const open: Deliveries[] = []

  const wait = async (ms: number): Promise<void> => {
    if (isVirtual) await clock.advanceAsync(ms)
    else await lastValueFrom(timer(ms))
  }
  const now = (): number => hosted.now() + ahead

  const rigOf = (manager: AlarmManager, t0: number): Rig => ({
    expect,
    manager,
    t0,
    unit,
    lease,
    isVirtual,
    now,
    wait,
    async write(key, time, fence, move = 'later') {
      const written = settled(defer(() => manager.write(key, time, { key, move, fence, attempt: 1 })))
      if (isVirtual) await clock.advanceAsync(0)
      return written
    },
    deliver(handler = () => EMPTY, deliveryOptions) {
      const deliveries = record(manager, handler, deliveryOptions, now)
      open.push(deliveries)
      return deliveries
    },
    list: async (listOptions) =>
      lastValueFrom(able(manager, 'list', options).call(manager, listOptions).pipe(toArray())),
    retry: async (key, fence) =>
      able(manager, 'retry', options).call(manager, key, ...(fence === undefined ? [] : [{ fence }])),
    discard: async (key, fence) =>
      able(manager, 'discard', options).call(manager, key, ...(fence === undefined ? [] : [{ fence }])),
    reschedule: async (key, time, fence) =>
      able(manager, 'reschedule', options).call(
        manager,
        key,
        time,
        ...(fence === undefined ? [] : [{ fence }]),
      ),
    pause: async (...scope) => able(manager, 'pause', options).call(manager, ...scope),
    resume: async (...scope) => able(manager, 'resume', options).call(manager, ...scope),
    drain: () => Promise.resolve(able(manager, 'drain', options).call(manager)),
    stats: async () => able(manager, 'stats', options).call(manager),
    async until(holds, ms) {
      const step = isVirtual ? Math.max(1, Math.ceil(ms / 50)) : TURN
      const end = hosted.now() + ms + late
      if (isVirtual) await clock.advanceAsync(0)
      while (!holds() && hosted.now() < end) await wait(Math.min(step, Math.max(1, end - hosted.now())))
    },
    step: (ms) => clock.step(ms),
    offTime(delivery, time) {
      if (delivery === undefined) return 'it was not delivered'
      const by = delivery.at - time
      if (by < 0) return `it was delivered ${-by} ms early`
      return by > late ? `it was delivered ${by} ms late` : ''
    },
    keysOf: (keys) => [...keys].sort(),
    reopen: async () => rigOf(await need(made, 'reopen', options)(), t0),
    another: async () => rigOf(await need(made, 'another', options)(), t0),
    async cleanup() {
      for (const deliveries of open) deliveries.stop()
      await made.cleanup?.()
    },
  })
  return rigOf(made.manager, now())
}

function need(
  made: ManagerUnderTest,
  name: ManagerNeed & ('reopen' | 'another'),
  { cannot }: DescribeManagerOptions,
): () => AlarmManager | Promise<AlarmManager> {
  const does = made[name]
  if (does !== undefined && cannot?.[name] === undefined) return () => does.call(made)
  throw new Cannot(cannot?.[name] ?? `its factory gives no ${name}()`)
}

type Optional = 'list' | 'retry' | 'discard' | 'reschedule' | 'pause' | 'resume' | 'drain' | 'stats'

function able<K extends Optional>(
  manager: AlarmManager,
  name: K,
  { cannot }: DescribeManagerOptions,
): NonNullable<AlarmManager[K]> {
  const does = manager[name]
  const refusal = cannot?.[['list', 'retry', 'discard'].includes(name) ? 'list' : 'operate']
  if (does !== undefined && refusal === undefined) return does as NonNullable<AlarmManager[K]>
  throw new Cannot(refusal ?? `it has no ${name}()`)
}

function settled(written$: Observable<unknown>): Promise<unknown> {
  return new Promise((resolve) => {
    written$.subscribe({ error: resolve, complete: () => resolve('done') })
  })
}
