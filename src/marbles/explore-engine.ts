import { type SchedulerLike, Subject, Subscription } from 'rxjs'
import type { Alarm, AlarmConfig, AlarmTime, DeliveryOutcome, Move } from '../index.ts'
import type { EngineRecord } from './explore-record.ts'

/** What an engine does in answer to one input, in this order. */
export type Effect =
  /** `fence` is counted from the last one issued before the input */
  | { readonly kind: 'write'; readonly time: AlarmTime; readonly fence: number; readonly move: Move }
  | { readonly kind: 'commit'; readonly time: AlarmTime }
  /** the handler was called for a delivery; of two the first to come is 0 */
  | { readonly kind: 'run'; readonly time: number; readonly delivery: number }
  /** the next value came out of the output gate; `inOrder`: it is the oldest one held */
  | { readonly kind: 'value'; readonly inOrder: boolean }
  /** how a delivery ended */
  | { readonly kind: Outcome; readonly delivery: number }

type Outcome = DeliveryOutcome['kind'] | 'failed'

/** An engine between two inputs, as far as the world around it can tell. */
export interface EngineState {
  /** two engines with the same key behave alike from here on */
  readonly key: string
  readonly time: AlarmTime
  readonly broken: boolean
  readonly drained: boolean
  /** a failed later write waits for its next attempt */
  readonly resting: boolean
  /** the fence of the last write acknowledged, counted from the last one issued: 0 or below */
  readonly acked: number
}

/** What came of an input. */
export interface Fed {
  readonly engine: EngineState
  readonly effects: readonly Effect[]
  /** how many fences it took; from an opening, the fence itself */
  readonly fences: number
}

/** A real engine. Inputs are words: `set 2`, `write.ok`, `deliver 2 -1 3` (its time, its fence counted as above, the clock). */
export interface RunningEngine {
  /** what came of opening it */
  readonly opened: Fed
  feed(input: string): Fed
}

export interface EngineOptions {
  readonly openAlarm: (config: AlarmConfig) => Alarm
  readonly readRecord: (alarm: Alarm) => EngineRecord
  readonly reconcile: boolean
  /** calls that complete before they return */
  readonly synchronous: readonly ('commit' | 'write')[]
}

interface Call {
  readonly time: AlarmTime
  readonly answer: Subject<never>
  /** of a write */
  readonly move?: Move
  /** of a commit: the intents that it covers */
  readonly covers: number
}

interface Delivering {
  readonly time: number
  /** what it is compared with later: its own fence while it is queued, then the last one before it began */
  fence: number
  /** `queued`: the handler of another one comes first */
  handler: 'queued' | 'waits' | 'runs' | 'ended'
  readonly running: Subject<never>
  readonly subscription: Subscription
}

/** Opens the real engine, with calls that stay open until an input answers them. */
export function startEngine(options: EngineOptions, initial: AlarmTime, epoch: number): RunningEngine {
  const { readRecord, synchronous } = options
  const values$ = new Subject<number>()
  const commits: Call[] = []
  const writes: Call[] = []
  const timers: (() => void)[] = []
  const deliveries: Delivering[] = []
  const held: { readonly value: number; readonly needs: number }[] = []
  let effects: Effect[] = []
  let issued = 0
  let clock = 0
  let retries = Infinity
  let sent = 0
  let unended = 0 // outcomes without their completion

  const alarm = options.openAlarm({
    initial,
    epoch,
    reconcile: options.reconcile,
    retry: {
      get count() {
        return retries
      },
    },
    commit(time) {
      effects.push({ kind: 'commit', time })
      if (synchronous.includes('commit')) return []
      const call = { time, answer: new Subject<never>(), covers: readRecord(alarm).asked }
      commits.push(call)
      return call.answer
    },
    write(time, { fence, move }) {
      effects.push({ kind: 'write', time, fence: fence - issued, move })
      if (synchronous.includes('write')) return []
      const call = { time, answer: new Subject<never>(), move, covers: 0 }
      writes.push(call)
      return call.answer
    },
    scheduler: { now: () => clock, schedule } as SchedulerLike,
  })
  const { acked: ackedAtOpening } = readRecord(alarm)
  values$.pipe(alarm.holdUntilConfirmed()).subscribe({
    next(value) {
      effects.push({ kind: 'value', inOrder: held[0]?.value === value })
      held.shift()
    },
    error: () => {},
  })

  /** No timer fires by itself: when is for the schedule to say. */
  function schedule(timer: () => void): Subscription {
    timers.push(timer)
    return new Subscription(() => {
      const index = timers.indexOf(timer)
      if (index >= 0) timers.splice(index, 1)
    })
  }

  function intend(change: () => void): void {
    try {
      change()
    } catch {
      return // it is broken, as its state will tell
    }
    held.push({ value: sent, needs: readRecord(alarm).gated })
    values$.next(sent++)
  }

  function deliver(scheduledTime: number, fence: number): void {
    const isQueued = deliveries.some(({ handler }) => handler !== 'waits')
    const own: Delivering = {
      time: scheduledTime,
      fence: isQueued ? fence : issued,
      handler: isQueued ? 'queued' : 'waits',
      running: new Subject(),
      subscription: new Subscription(),
    }
    const end = (kind: Outcome): void => {
      unended++
      effects.push({ kind, delivery: deliveries.indexOf(own) })
      forget(own)
      for (const other of deliveries) {
        if (other.handler !== 'queued') continue
        other.handler = 'waits'
        other.fence = readRecord(alarm).fence
      }
    }
    deliveries.push(own)
    own.subscription.add(
      alarm
        .deliver({ scheduledTime, fence, retryCount: 0 }, (info) => {
          effects.push({ kind: 'run', time: info.scheduledTime, delivery: deliveries.indexOf(own) })
          own.handler = 'runs'
          return own.running
        })
        .subscribe({
          next: ({ kind }) => end(kind),
          complete: () => unended--,
          error() {
            end('failed')
            unended--
          },
        }),
    )
  }

  function forget(delivery: Delivering): void {
    deliveries.splice(deliveries.indexOf(delivery), 1)
  }

  function endHandler(end: (running: Subject<never>) => void): void {
    const delivery = deliveries.find((other) => other.handler === 'runs')!
    delivery.handler = 'ended'
    end(delivery.running)
  }

  const failWrite = (): void => writes.shift()!.answer.error(new Error('the manager failed'))
  const inputs: Record<string, (...numbers: number[]) => void> = {
    set: (time) => intend(() => alarm.set(time!)),
    delete: () => intend(() => alarm.delete()),
    'commit.ok': () => commits.shift()!.answer.complete(),
    'commit.fail': () => commits.shift()!.answer.error(new Error('the store failed')),
    'write.ok': () => writes.shift()!.answer.complete(),
    'write.fail': failWrite,
    // As often as the engine cares to try.
    'write.giveup'() {
      retries = 0
      failWrite()
      retries = Infinity
    },
    backoff: () => timers.shift()!(),
    deliver(time, fence, now) {
      clock = now!
      deliver(time!, issued + fence!)
    },
    'run.ok': () => endHandler((running) => running.complete()),
    'run.fail': () => endHandler((running) => running.error(new Error('the handler failed'))),
    expired() {
      const delivery = deliveries.at(-1)!
      forget(delivery)
      delivery.subscription.unsubscribe()
    },
  }

  function read(): AlarmTime | undefined {
    try {
      return alarm.time
    } catch {
      return undefined
    }
  }

  function isDrained(): boolean {
    let drained = false
    if (commits.length + writes.length + timers.length > 0) return false
    alarm.drained().subscribe({ next: () => (drained = true), error: () => {} }).unsubscribe()
    return drained
  }

  function look(): EngineState {
    const time = read()
    if (time === undefined) {
      return { key: '!', time: null, broken: true, drained: false, resting: false, acked: 0 }
    }
    const { fence, acked, since, asked, gated, covered, rest } = readRecord(alarm)
    // How a fence stands to those that are compared with it, now or later.
    const rank = (other: number): number => (other < acked ? 0 : other < fence ? 1 : 2)
    const printDelivery = ({ time, fence, handler }: Delivering): string => {
      if (handler === 'queued') return `queued ${time} ${rank(fence)} ${clock}`
      return handler === 'waits' ? `waits ${rank(fence)}` : handler
    }
    const key = [
      rest,
      acked - fence,
      acked === ackedAtOpening ? 'none acked' : '',
      since === null ? '' : rank(since),
      asked - covered,
      Math.max(0, gated - covered),
      held.map(({ needs }) => needs - covered),
      commits.map((call) => `${call.time}:${call.covers - covered}`),
      writes.map((call) => `${call.time}:${call.move}`),
      timers.length,
      deliveries.map(printDelivery),
    ].join(';')
    return { key, time, broken: false, drained: isDrained(), resting: timers.length > 0, acked: acked - fence }
  }

  function fed(before: number): Fed {
    if (unended !== 0) throw new Error('A delivery must emit one outcome and complete at once, or fail.')
    const did = inOrder(effects)
    effects = []
    issued = readRecord(alarm).fence
    return { engine: look(), effects: did, fences: issued - before }
  }

  return {
    opened: fed(0),
    feed(input) {
      const [name = '', ...numbers] = input.split(' ')
      inputs[name]!(...numbers.map(Number))
      return fed(issued)
    },
  }
}

/** Who hears first of an acknowledgement, the gate or a delivery, is by who waited first, and nobody's business: the gate. */
function inOrder(effects: readonly Effect[]): Effect[] {
  const ordered: Effect[] = []
  for (const effect of effects) {
    let place = ordered.length
    if (effect.kind === 'value') while (place > 0 && isOfDelivery(ordered[place - 1]!)) place--
    ordered.splice(place, 0, effect)
  }
  return ordered
}

function isOfDelivery({ kind }: Effect): boolean {
  return kind !== 'write' && kind !== 'commit' && kind !== 'value'
}
