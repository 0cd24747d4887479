import { Observable, type ObservableInput, type SchedulerLike, Subject, type Subscription } from 'rxjs'
import {
  type Alarm,
  type AlarmTime,
  type Fleet,
  type FleetConfig,
  type KeyedEvent,
  type KeyedIntent,
  keepAlarms,
  openFleet,
  type Pressure,
} from '../../src/index.ts'
import { uncaughtDuring as uncaughtErrors } from '../uncaught.ts'
import { type VirtualClock, virtualClock } from '../virtual-clock.ts'

/** The pressure of a fleet without actors. */
export const atRest: Pressure = {
  actors: 0,
  loading: 0,
  waiting: 0,
  writing: 0,
  delivering: 0,
  deliveringFor: 0,
}

/** A call of the fleet's that the test answers. */
export interface Call {
  readonly name: 'load' | 'commit' | 'write'
  readonly key: string
  readonly time: AlarmTime
  readonly fence: number
  isOpen: boolean
  done(): void
  fail(error?: unknown): void
}

/** A store and a manager that remember, and answer at once unless they are told to be asked. */
export function world(options: { asks?: readonly Call['name'][] } = {}) {
  const asks = new Set(options.asks ?? [])
  const stored = new Map<string, { time: AlarmTime; epoch: number }>()
  const held = new Map<string, { time: AlarmTime; fence: number }>()
  const calls: Call[] = []
  const late: string[] = []

  /** The one promise, looked at whenever anything changes. */
  function check(key: string): void {
    const store = stored.get(key)?.time ?? null
    const manager = held.get(key)?.time ?? null
    if (store !== null && (manager === null || manager > store)) late.push(`${key}: ${manager} > ${store}`)
  }

  function call<T>(
    name: Call['name'],
    key: string,
    time: AlarmTime,
    fence: number,
    apply: () => T,
  ): Observable<T> {
    return new Observable<T>((subscriber) => {
      const made: Call = {
        name,
        key,
        time,
        fence,
        isOpen: true,
        done() {
          made.isOpen = false
          const result = apply()
          check(key)
          subscriber.next(result)
          subscriber.complete()
        },
        fail(error = new Error(`${name} failed`)) {
          made.isOpen = false
          subscriber.error(error)
        },
      }
      calls.push(made)
      subscriber.add(() => {
        made.isOpen = false
      })
      if (!asks.has(name)) made.done()
    })
  }

  const config = {
    load: (key: string) =>
      call('load', key, null, 0, () => {
        const { time, epoch } = stored.get(key) ?? { time: null, epoch: 0 }
        stored.set(key, { time, epoch: epoch + 1 })
        return { time, epoch: epoch + 1 }
      }),
    commit: (time: AlarmTime, { key, epoch }: { key: string; epoch: number }): ObservableInput<unknown> =>
      call('commit', key, time, 0, () => {
        if (epoch === stored.get(key)?.epoch) stored.set(key, { epoch, time })
      }),
    write: (time: AlarmTime, { key, fence }: { key: string; fence: number }): ObservableInput<unknown> =>
      call('write', key, time, fence, () => {
        if (fence >= (held.get(key)?.fence ?? 0)) held.set(key, { time, fence })
      }),
  }
  return {
    config,
    stored,
    held,
    calls,
    late,
    asks,
    /** The calls that wait for an answer, as words. */
    open: (name?: Call['name']): string[] =>
      calls
        .filter((made) => made.isOpen && (name === undefined || made.name === name))
        .map(({ name, key, time }) => (name === 'load' ? `load ${key}` : `${name} ${key}${time ?? '-'}`)),
    /** Answers the oldest open call of this name, of this key if one is given. */
    answer(name: Call['name'], key?: string): Call {
      const made = calls.find((call) => call.isOpen && call.name === name && (key ?? call.key) === call.key)
      if (made === undefined) throw new Error(`no open ${name} of ${key}`)
      made.done()
      return made
    },
    refuse(name: Call['name'], key?: string, error?: unknown): void {
      const made = calls.find((call) => call.isOpen && call.name === name && (key ?? call.key) === call.key)
      if (made === undefined) throw new Error(`no open ${name} of ${key}`)
      made.fail(error)
    },
  }
}

export type World = ReturnType<typeof world>

export interface Rig extends World {
  readonly clock: VirtualClock
  readonly fleet: Fleet
  readonly events: KeyedEvent[]
  actor(key: string): Alarm
  /** The events, as `key kind`; of some kinds only. */
  told(...kinds: KeyedEvent['kind'][]): string[]
}

/** A fleet over such a world, on a virtual clock. */
export function rig(
  options: { asks?: readonly Call['name'][]; outside?: World; config?: Partial<FleetConfig> } = {},
): Rig {
  const { outside = world(options) } = options
  const clock = virtualClock()
  const fleet = openFleet({
    ...outside.config,
    reconcile: false,
    scheduler: clock as SchedulerLike,
    ...options.config,
  })
  const events: KeyedEvent[] = []
  fleet.events$.subscribe((event) => events.push(event))
  return {
    ...outside,
    clock,
    fleet,
    events,
    actor: fleet.actor,
    told: (...kinds) => told(events, kinds),
  }
}

export function told(events: readonly KeyedEvent[], kinds: readonly KeyedEvent['kind'][] = []): string[] {
  return events
    .filter(({ kind }) => kinds.length === 0 || kinds.includes(kind))
    .map(({ key, kind }) => `${key} ${kind}`)
}

/** The operator over such a world. */
export function kept(options: { asks?: readonly Call['name'][]; config?: Partial<FleetConfig> } = {}) {
  const outside = world(options)
  const intents$ = new Subject<KeyedIntent>()
  const events: KeyedEvent[] = []
  const seen = { events, end: '', error: undefined as unknown }
  const clock = virtualClock()
  const subscription: Subscription = intents$
    .pipe(
      keepAlarms({
        ...outside.config,
        reconcile: false,
        scheduler: clock as SchedulerLike,
        ...options.config,
      }),
    )
    .subscribe({
      next: (event) => events.push(event),
      error: (error) => Object.assign(seen, { end: 'error', error }),
      complete: () => Object.assign(seen, { end: 'complete' }),
    })
  return { ...outside, clock, intents$, seen, subscription }
}

/** How an Observable of one answer stands. */
export function outcome(answer$: Observable<unknown>): { end: string; error?: unknown; values: unknown[] } {
  const seen: { end: string; error?: unknown; values: unknown[] } = { end: 'waiting', values: [] }
  answer$.subscribe({
    next: (value) => seen.values.push(value),
    error: (error) => Object.assign(seen, { end: error?.code ?? error?.message, error }),
    complete: () => Object.assign(seen, { end: 'done' }),
  })
  return seen
}

/** What nobody could catch while `work` was done. */
export const uncaughtDuring = async (work: () => void): Promise<string[]> =>
  (await uncaughtErrors(work)).map(({ message }) => message)

/** What never ends by itself, and throws when it is unsubscribed. */
export const badTeardown = (): Observable<never> =>
  new Observable(() => () => {
    throw new Error('teardown')
  })
