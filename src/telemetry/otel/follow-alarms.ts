import type { AlarmEvent } from '../../vocabulary/event.ts'
import type { AlarmTime } from '../../vocabulary/time.ts'
import { neverThrows } from './never-throws.ts'

/** A wake-up that was not answered yet. */
export interface OpenDelivery {
  readonly scheduledTime: number
  readonly retryCount: number
  readonly arrivedAt: number
  /** when its handler started; `null` while it waits for its turn */
  runAt: number | null
}

/** What is kept of an actor, while it is busy only. */
export interface BusyActor {
  readonly key: string
  /** what was asked last; `undefined` where that is what is committed */
  desired: AlarmTime | undefined
  /** changes asked since the last write, and since the last commit was issued; since when the oldest of these waits */
  unwritten: number
  uncommitted: number
  askedAt: number | null
  /** something is wanted, held or in flight */
  isWorking: boolean
  isWriting: boolean
  deliveries: OpenDelivery[]
}

/** Called for each event, by its kind, with what led up to it. */
type Tellers = {
  readonly [Kind in AlarmEvent['kind']]?: (
    event: Extract<AlarmEvent, { kind: Kind }>,
    actor: BusyActor | undefined,
    delivery: OpenDelivery | undefined,
  ) => void
}

export interface AlarmListener {
  readonly tell: Tellers
  begin?(actor: BusyActor): void
  /** a delivery ended without a word: it was cancelled, or the alarm broke with `error` */
  lose?(delivery: OpenDelivery, actor: BusyActor, at?: number, error?: unknown): void
  /** it is drained and has answered; or it broke with `error`; or there is no subscriber any more */
  end?(actor: BusyActor, at?: number, error?: unknown): void
}

/** What a listener throws goes no further, so that what is known of the actors stays right. */
export function neverThrowing(listener: AlarmListener): AlarmListener {
  const { begin, tell, lose, end } = listener
  const entries = Object.entries(tell).map(
    ([kind, teller]) =>
      [kind, (...story: Parameters<Teller>) => neverThrows(() => (teller as Teller)(...story))] as const,
  )
  return {
    tell: Object.fromEntries(entries),
    begin: (actor) => neverThrows(() => begin?.(actor)),
    lose: (...lost) => neverThrows(() => lose?.(...lost)),
    end: (...ended) => neverThrows(() => end?.(...ended)),
  }
}

const MAX_OPEN = 8 // deliveries of a key; nothing tells of one that is cancelled while it waits

/** Follows the stories of many alarms in one stream. What it keeps of an actor is dropped when that is drained and has answered. */
export function followAlarms(listener: AlarmListener): { next(event: AlarmEvent): void; close(): void } {
  const actors = new Map<string, BusyActor>()

  function actorOf(event: AlarmEvent): BusyActor | undefined {
    const known = actors.get(event.key)
    if (known !== undefined || !isBeginning(event)) return known
    const actor = open(event.key)
    actors.set(event.key, actor)
    listener.begin?.(actor)
    return actor
  }

  function lose(actor: BusyActor, lost: OpenDelivery[], at?: number, error?: unknown): void {
    actor.deliveries = actor.deliveries.filter((delivery) => !lost.includes(delivery))
    for (const delivery of new Set(lost)) listener.lose?.(delivery, actor, at, error)
  }

  function end(actor: BusyActor, at?: number, error?: unknown): void {
    actors.delete(actor.key)
    lose(actor, actor.deliveries, at, error)
    listener.end?.(actor, at, error)
  }

  /** The delivery that an event is about. */
  function deliveryOf(event: AlarmEvent, actor: BusyActor | undefined): OpenDelivery | undefined {
    if (actor === undefined || !('scheduledTime' in event)) return undefined
    const { scheduledTime, retryCount, at } = event
    const same = actor.deliveries.filter(
      (open) => open.scheduledTime === scheduledTime && open.retryCount === retryCount,
    )
    const waiting = same.filter(({ runAt }) => runAt === null)
    if (event.kind === 'delivery-arrived') {
      // The same one again means, mostly, that the one before was cancelled while it waited.
      lose(actor, [...waiting, ...actor.deliveries.slice(0, 1 - MAX_OPEN)], at)
      const delivery = { scheduledTime, retryCount, arrivedAt: at, runAt: null }
      actor.deliveries.push(delivery)
      return delivery
    }
    const running = same.find(({ runAt }) => runAt !== null)
    if (event.kind !== 'delivery-run') return running ?? waiting[0]
    // There is one handler at a time, so another one that was running is not any more.
    lose(
      actor,
      actor.deliveries.filter(({ runAt }) => runAt !== null),
      at,
    )
    if (waiting[0] !== undefined) waiting[0].runAt = at
    return waiting[0]
  }

  return {
    next(event) {
      const actor = actorOf(event)
      if (actor !== undefined) begun(actor, event)
      const delivery = deliveryOf(event, actor)
      const tell = listener.tell[event.kind] as Teller | undefined
      tell?.(event, actor, delivery)
      if (actor === undefined) return
      ended(actor, event, delivery)
      if (isBreaking(event)) end(actor, event.at, event.error)
      else if (!actor.isWorking && actor.deliveries.length === 0) end(actor)
    },
    close() {
      for (const actor of [...actors.values()]) end(actor)
    },
  }
}

type Teller = (event: AlarmEvent, actor?: BusyActor, delivery?: OpenDelivery) => void

function open(key: string): BusyActor {
  return {
    key,
    desired: undefined,
    unwritten: 0,
    uncommitted: 0,
    askedAt: null,
    isWorking: false,
    isWriting: false,
    deliveries: [],
  }
}

const beginnings = new Set(['touched', 'held', 'write-issued', 'commit-issued', 'delivery-arrived'])

/** Whether an idle actor becomes busy. The same value again is no move. */
function isBeginning(event: AlarmEvent): boolean {
  return event.kind === 'intent' ? event.time !== event.committed : beginnings.has(event.kind)
}

type Breaking = Extract<AlarmEvent, { kind: 'commit-failed' | 'write-fenced' | 'write-failed' }>

/** These break the alarm, and are its last events. */
function isBreaking(event: AlarmEvent): event is Breaking {
  const { kind } = event
  return (
    kind === 'commit-failed' ||
    kind === 'write-fenced' ||
    (kind === 'write-failed' && event.move === 'earlier')
  )
}

function begun(actor: BusyActor, event: AlarmEvent): void {
  if (event.kind === 'intent' && actor.desired === undefined) actor.desired = event.committed
  const isMove = event.kind === 'intent' && event.time !== actor.desired
  if (isMove) {
    actor.desired = event.time
    actor.unwritten++
  }
  if (isMove || event.kind === 'touched') {
    actor.uncommitted++
    actor.askedAt ??= event.at
  }
  if (isMove || (event.kind !== 'delivery-arrived' && beginnings.has(event.kind))) actor.isWorking = true
}

function ended(actor: BusyActor, event: AlarmEvent, delivery: OpenDelivery | undefined): void {
  switch (event.kind) {
    case 'commit-issued':
      actor.desired = event.time // a handler's success deletes the alarm without an intent
      actor.uncommitted = 0
      actor.askedAt = null
      break
    case 'write-issued':
      actor.unwritten = 0
      actor.isWriting = true
      break
    case 'write-acknowledged':
    case 'write-failed':
    case 'write-fenced':
      actor.isWriting = false
      break
    case 'drained':
      actor.unwritten = actor.uncommitted = 0
      actor.askedAt = null
      actor.isWorking = false
      break
    case 'delivery-done':
    case 'delivery-rescheduled':
    case 'delivery-failed':
      actor.deliveries = actor.deliveries.filter((open) => open !== delivery)
  }
}
