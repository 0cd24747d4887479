import { EMPTY, type SchedulerLike, Subject, Subscription } from 'rxjs'
import type { Keeper } from '../../../src/actor/keeper.ts'
import type { Alarm, AlarmConfig, AlarmTime, Move } from '../../../src/index.ts'
import type { rowAlarm } from '../../../src/postgres/fleet/row-alarm.ts'
import { SEQUENCES } from '../../../src/vocabulary/fence.ts'
import { openDeliveries } from './deliveries.ts'
import { type Effect, inOrder } from './effect.ts'
import type { EngineRecord } from './record.ts'

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
  /** the fences that it compares others with, counted likewise; and the one at and below which all are alike to it */
  readonly known: readonly number[]
  readonly floor: number
}

/** What came of an input. */
export interface Fed {
  readonly engine: EngineState
  /** in this order */
  readonly effects: readonly Effect[]
  /** how many fences it took; from an opening, the fence itself */
  readonly fences: number
}

/** A real engine. Inputs are words: `set 2`, `write.ok`, `deliver 2 -1 3` (its time, its fence counted as above, the clock). */
export interface RunningEngine {
  /** what came of opening it */
  readonly opened: Fed
  feed(input: string): Fed
  /** The same, where what comes of it is known. */
  skip(input: string): void
}

export interface EngineOptions {
  readonly openAlarm: (config: AlarmConfig) => Alarm
  readonly readRecord: (alarm: Alarm) => EngineRecord
  readonly reconcile: boolean
  /** calls that complete before they return */
  readonly synchronous: readonly ('commit' | 'write')[]
  /** its commits are its writes, as those of `postgresFleet` are */
  readonly oneCopy: boolean
  readonly rowAlarm: typeof rowAlarm
}

interface Call {
  readonly answer: Subject<never>
  readonly time: AlarmTime
}

/** Opens the real engine, with calls that stay open until an input answers them. */
export function startEngine(
  options: EngineOptions,
  initial: AlarmTime,
  epoch: number,
  now: number,
): RunningEngine {
  const { readRecord, reconcile, synchronous, oneCopy } = options
  const values$ = new Subject<number>()
  const held: { readonly value: number; readonly needs: number }[] = []
  const commits: (Call & { readonly covers: number })[] = []
  const writes: (Call & { readonly move: Move })[] = []
  const timers: (() => void)[] = []
  let effects: Effect[] = []
  let issued = 0
  let clock = now
  let retries = Infinity
  let sent = 0
  let abandoning: number | null = null // the intents that must be durable for it

  const retry = {
    get count() {
      return retries
    },
  }
  const alarm = options.openAlarm({
    initial,
    epoch,
    reconcile,
    retry,
    commit(time) {
      effects.push({ kind: 'commit', time, row: oneCopy ? rowOf(time) : null })
      if (synchronous.includes('commit')) return []
      const answer = new Subject<never>()
      commits.push({ answer, time, covers: readRecord(alarm).asked })
      return answer
    },
    write(time, { fence, move }) {
      if (oneCopy) return EMPTY
      effects.push({ kind: 'write', time, fence: fence - issued, move })
      if (synchronous.includes('write')) return []
      const answer = new Subject<never>()
      writes.push({ answer, time, move })
      return answer
    },
    scheduler: { now: () => clock, schedule } as SchedulerLike,
  })
  const { acked: ackedAtOpening } = readRecord(alarm)

  function rowOf(time: AlarmTime): { readonly fence: number | null; readonly isNew: boolean } {
    const { fence, isNew } = options.rowAlarm(alarm as unknown as Keeper, time)
    return { fence: fence === epoch * SEQUENCES ? null : fence - issued, isNew }
  }

  const deliveries = openDeliveries(
    alarm,
    () => readRecord(alarm).fence,
    (effect) => effects.push(effect),
  )
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

  /** Each intent is followed by a value that depends on it. */
  function intend(ask: () => void): void {
    try {
      ask()
    } catch {
      return // it is broken, as its state will tell
    }
    held.push({ value: sent, needs: readRecord(alarm).gated })
    values$.next(sent++)
  }

  /** What may go to a manager only when it is durable. */
  function abandon(time: number, fence: number): void {
    try {
      effects.push({ kind: 'kept', time: alarm.abandon(time, { fence }) })
    } catch {
      effects.push({ kind: 'unabandoned' })
      return
    }
    const { asked, covered } = readRecord(alarm)
    abandoning = asked > covered ? asked : null
    alarm.confirmed().subscribe({
      next() {
        effects.push({ kind: 'abandoned' })
        abandoning = null
      },
      error: () => {},
    })
  }

  const inputs: Record<string, (...numbers: number[]) => void> = {
    set: (time) => intend(() => alarm.set(time!)),
    delete: () => intend(() => alarm.delete()),
    'set~': (time) => intend(() => alarm.set(time!, { allowUnconfirmed: true })),
    'delete~': () => intend(() => alarm.delete({ allowUnconfirmed: true })),
    touch: () => intend(() => alarm.touch()),
    'commit.ok': () => commits.shift()!.answer.complete(),
    'commit.fail': () => commits.shift()!.answer.error(storeFailed),
    'write.ok': () => writes.shift()!.answer.complete(),
    'write.fail': () => writes.shift()!.answer.error(managerFailed),
    // As often as the engine cares to try.
    'write.giveup'() {
      retries = 0
      writes.shift()!.answer.error(managerFailed)
      retries = Infinity
    },
    backoff: () => timers.shift()!(),
    deliver(time, fence, now) {
      clock = now!
      deliveries.deliver(time!, issued + fence!)
    },
    'run.ok': () => deliveries.endHandler(),
    'run.fail': () => deliveries.endHandler(handlerFailed),
    expired: () => deliveries.expire(),
    abandon: (time, fence) => abandon(time!, issued + fence!),
  }

  function look(): EngineState {
    const time = timeOf(alarm)
    const resting = timers.length > 0
    if (time === undefined)
      return { key: '!', time: null, broken: true, drained: false, resting, acked: 0, known: [], floor: 0 }
    const { fence, acked, asked, gated, covered, alarms, print } = readRecord(alarm)
    const { rest, fences } = print()
    const count = fence - epoch * SEQUENCES
    const [setBy, begun, stale] = alarms.map((nth) => nth - count) as [number, number, number]
    const isSet = alarms[0] > 0 // by a write of this epoch: what was set before it is alike to all
    const isAfter = (nth: number): boolean => nth >= -count // none is -1
    const known = [acked - fence, ...(isSet ? [setBy] : []), ...[begun, stale].filter(isAfter)]
    // All fences at and below it stand alike to those that are compared with them, now or later: less than, or at most.
    const least = [acked - fence - 1, ...(isSet ? [setBy - 1] : []), ...[begun, stale].filter(isAfter)]
    const floor = Math.max(Math.min(...least), -count)
    const rank = (other: number): number => Math.max(other - fence, floor)
    const waiting = deliveries.print(rank)
    const key = [
      rest,
      acked - fence,
      acked === ackedAtOpening,
      isSet ? setBy : '',
      isAfter(begun) ? begun : '',
      isAfter(stale) ? stale : '',
      fences.map(rank),
      asked - covered,
      Math.max(0, gated - covered),
      held.map(({ needs }) => needs - covered),
      commits.map((commit) => `${commit.time}:${commit.covers - covered}`),
      writes.map((write) => `${write.time}:${write.move}`),
      resting,
      waiting,
      abandoning === null ? '' : abandoning - covered,
      waiting.includes('queued') ? clock : '',
    ].join(';')
    const isIdle = commits.length + writes.length + timers.length === 0
    const drained = isIdle && isDrained(alarm)
    return { key, time, broken: false, drained, resting, acked: acked - fence, known, floor }
  }

  function fed(before: number): Fed {
    const did = inOrder(effects)
    effects = []
    issued = readRecord(alarm).fence
    return { engine: look(), effects: did, fences: issued - before }
  }

  function take(input: string): void {
    const [name = '', ...numbers] = input.split(' ')
    inputs[name]!(...numbers.map(Number))
    deliveries.check()
  }

  return {
    opened: fed(0),
    feed(input) {
      const before = issued
      take(input)
      return fed(before)
    },
    skip(input) {
      take(input)
      effects = []
      issued = readRecord(alarm).fence
    },
  }
}

const storeFailed = new Error('the store failed')
const managerFailed = new Error('the manager failed')
const handlerFailed = new Error('the handler failed')

/** `undefined` where the alarm is broken. */
function timeOf(alarm: Alarm): AlarmTime | undefined {
  try {
    return alarm.time
  } catch {
    return undefined
  }
}

function isDrained(alarm: Alarm): boolean {
  let drained = false
  const note = { next: () => (drained = true), error: () => {} }
  alarm.drained().subscribe(note).unsubscribe()
  return drained
}
