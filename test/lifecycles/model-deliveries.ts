import type { AlarmTime } from '../../src/index.ts'
import { sequenceOf } from '../../src/vocabulary/fence.ts'
import {
  forget,
  intend,
  isModelDrained,
  type Model,
  renew,
  settle,
  type Waiter,
  wait,
  want,
} from './model.ts'
import { isClean, isConfirmed } from './model-rules.ts'

/** What a handler does at once; without an end it runs until it is ended. */
export interface Script {
  readonly intent?: { readonly time: AlarmTime }
  readonly end?: 'ok' | 'fail'
}

/** A wake-up that the actor has not answered yet. */
export interface Delivering {
  readonly id: number
  readonly scheduledTime: number
  readonly fence: number
  readonly script: Script
  readonly now: () => number
  state: 'waiting' | 'running' | 'answering'
  deletion: 'none' | 'deferred' | 'answer'
  /** a write of ours is newer than this delivery when it comes after this one */
  since: number
  waiter: Waiter | null
}

export type Arrived = Pick<Delivering, 'id' | 'scheduledTime' | 'fence' | 'script' | 'now'>

/** One handler at a time: a delivery waits for the one before. */
export function deliver(model: Model, arrived: Arrived): void {
  const own: Delivering = { ...arrived, state: 'waiting', deletion: 'none', since: 0, waiter: null }
  model.deliveries.push(own)
  const isFree = (): boolean => model.deliveries.every(({ state }) => state === 'waiting')
  waitWith(model, own, isFree, () => begin(model, own))
}

/** What a delivery waits for while it lasts. */
function waitWith(model: Model, own: Delivering, ready: () => boolean, then: () => void): void {
  own.waiter = null
  const waiter = wait(model, ready, then)
  if (model.waiters.includes(waiter)) own.waiter = waiter
}

/** The arming table of the protocol. */
function begin(model: Model, own: Delivering): void {
  const { desired, flight } = model
  const { scheduledTime } = own
  const isLate = desired !== null && desired <= own.now()
  own.since = sinceOf(model, own.fence)
  if (desired === scheduledTime) run(model, own, scheduledTime, own.since > model.stale)
  else if (!isClean(model, flight)) run(model, own, scheduledTime, false)
  else if (isLate) run(model, own, desired, true)
  else reschedule(model, own, desired)
}

function sinceOf({ epoch, issued }: Model, fence: number): number {
  return Math.max(0, Math.min(sequenceOf(epoch, fence), issued))
}

function reschedule(model: Model, own: Delivering, time: AlarmTime): void {
  const before = model.issued
  renew(model)
  waitWith(
    model,
    own,
    () => model.acked > before || isModelDrained(model) || model.flight.resting,
    () => finish(model, own, model.acked > before ? `rescheduled ${time}` : 'failed ALARM_WRITE_FAILED'),
  )
}

function run(model: Model, own: Delivering, time: number, deletes: boolean): void {
  own.state = 'running'
  model.begun = Math.max(model.begun, time === own.scheduledTime ? own.since : model.issued)
  own.deletion = deletes ? 'deferred' : 'none'
  model.log.push(`delivery ${own.id} runs ${time}`)
  const { intent, end } = own.script
  if (intent !== undefined) intend(model, intent.time, false)
  if (end !== undefined) endHandler(model, end)
}

export function endHandler(model: Model, end: 'ok' | 'fail'): void {
  const own = model.deliveries.find(({ state }) => state === 'running')!
  if (end === 'fail') {
    finish(model, own, 'failed by its handler')
    return
  }
  own.state = 'answering'
  if (own.deletion === 'deferred') {
    own.deletion = 'answer'
    want(model, null, true)
  }
  answer(model, own)
}

/** Done removes the manager's copy if its fence is still the delivered one: an alarm that stands needs a newer write. */
function answer(model: Model, own: Delivering): void {
  waitWith(
    model,
    own,
    () => isModelDrained(model),
    () => {
      if (model.acked !== model.issued) {
        finish(model, own, 'failed ALARM_WRITE_FAILED')
      } else if (model.committed === null || model.acked > own.since) {
        finish(model, own, 'ran')
      } else {
        renew(model)
        answer(model, own)
      }
    },
  )
}

function finish(model: Model, own: Delivering, how: string): void {
  model.log.push(`delivery ${own.id} ${how}`)
  drop(model, own)
}

/** The manager cancels a delivery; nothing is told. */
export function expire(model: Model, id: number): void {
  const own = model.deliveries.find((other) => other.id === id)!
  drop(model, own)
}

function drop(model: Model, own: Delivering): void {
  forget(model, own.waiter)
  model.deliveries = model.deliveries.filter((other) => other !== own)
  if (own.state !== 'waiting') settle(model)
}

/** What the actor answers when the manager gives up an alarm; `undefined`: not now. */
export function abandon(model: Model, scheduledTime: number, fence: number): AlarmTime | undefined {
  const { flight, bound } = model
  const isRunning = model.deliveries.some(({ state }) => state !== 'waiting')
  if (isRunning || flight.writing || !isConfirmed(model, flight)) return undefined
  if (model.desired === scheduledTime && sinceOf(model, fence) > model.stale) {
    model.abandoned = model.issued
    want(model, null, false)
    return null
  }
  const kept = model.committed
  if (kept !== scheduledTime) {
    model.setBy = 0
    model.stale = model.begun = -1
  }
  if (bound !== kept) {
    model.bound = kept
    model.flight = { ...flight, owed: true }
  }
  settle(model)
  return kept
}
