import type { AlarmErrorCode, AlarmTime } from '../../src/index.ts'
import { fenceOf } from '../../src/vocabulary/fence.ts'
import { moveTo } from '../../src/vocabulary/time.ts'
import type { Delivering } from './model-deliveries.ts'
import { type Flight, idle, isDrained, isEarlier, nextStep } from './model-rules.ts'
import { printFence } from './world.ts'

/** How the actor of one lifecycle is configured. */
export interface Setting {
  readonly retries: number
  readonly reconcile: boolean
  /** calls that complete before they return */
  readonly synchronous: readonly ('commit' | 'write')[]
  /** somebody listens to the events */
  readonly heard: boolean
}

/** Somebody who waits for the actor: the application, or a delivery. */
export interface Waiter {
  ready(): boolean
  then(): void
  /** the alarm breaks instead */
  fail?(code: AlarmErrorCode): void
}

/** One actor as the rules have it: no RxJS, no pipe, no reentrancy. What an engine must do is what `log` says. */
export interface Model {
  readonly setting: Setting
  desired: AlarmTime
  committed: AlarmTime
  bound: AlarmTime
  flight: Flight
  write: {
    readonly step: 'precommit' | 'later'
    readonly time: AlarmTime
    readonly sequence: number
    readonly attempt: number
  } | null
  commit: { readonly time: AlarmTime; readonly covers: number } | null
  readonly epoch: number
  /** the last write issued and the last one acknowledged, counted in this epoch */
  issued: number
  acked: number
  /** the write that set the alarm at the bound; the last whose delivery has begun; the last that is of no alarm asked since */
  setBy: number
  begun: number
  stale: number
  attempt: number
  asked: number
  gated: number
  covered: number
  abandoned: number | null
  settling: boolean
  unsettled: boolean
  deliveries: Delivering[]
  waiters: Waiter[]
  held: { readonly value: number; readonly needs: number }[]
  broken: AlarmErrorCode | null
  log: string[]
}

export function openModel(setting: Setting, alarm: AlarmTime, epoch: number, now: number): Model {
  const model: Model = {
    setting,
    desired: alarm,
    committed: alarm,
    bound: alarm,
    flight: idle,
    write: null,
    commit: null,
    epoch,
    issued: 0,
    acked: 0,
    setBy: 0,
    begun: alarm !== null && alarm <= now ? 0 : -1, // what is due may have been delivered before
    stale: -1,
    attempt: 0,
    asked: 0,
    gated: 0,
    covered: 0,
    abandoned: null,
    settling: false,
    unsettled: false,
    deliveries: [],
    waiters: [],
    held: [],
    broken: null,
    log: [],
  }
  if (setting.reconcile) renew(model)
  return model
}

export function intend(model: Model, time: AlarmTime, unconfirmed: boolean): void {
  const run = model.deliveries.find(({ deletion }) => deletion === 'deferred')
  if (run !== undefined) run.deletion = 'none'
  // The same value again is no move, but the gate must wait for what was asked unconfirmed before.
  if (time !== model.desired || isBegun(model, time)) want(model, time, unconfirmed)
  else {
    model.stale = Math.max(model.stale, model.begun)
    if (!unconfirmed) model.gated = model.asked
  }
}

/** A delivery of the alarm of that time has begun: set once more, it is another one. */
function isBegun({ bound, begun, setBy, write, issued }: Model, time: AlarmTime): boolean {
  if (time === null) return false
  return (time === bound && begun >= setBy) || (write !== null && write.time === time && begun >= issued)
}

export function touch(model: Model, unconfirmed: boolean): void {
  ask(model, unconfirmed)
}

export function want(model: Model, time: AlarmTime, unconfirmed: boolean): void {
  model.desired = time
  const again = isBegun(model, time)
  model.flight = { ...model.flight, again }
  const isOnItsWay = model.write !== null && model.write.time === time
  if (again) model.stale = model.issued
  else if (time === model.bound) model.stale = model.setBy - 1
  else model.stale = isOnItsWay ? model.issued - 1 : model.issued
  ask(model, unconfirmed)
}

function ask(model: Model, unconfirmed: boolean): void {
  model.flight = { ...model.flight, touched: true }
  model.asked++
  if (!unconfirmed) model.gated = model.asked
  settle(model)
}

/** The manager is owed the committed alarm once more, at once. */
export function renew(model: Model): void {
  stopResting(model)
  model.flight = { ...model.flight, owed: true }
  settle(model)
}

function stopResting(model: Model): void {
  model.flight = { ...model.flight, resting: false }
  model.attempt = 0
}

/** Does what the rules say until they say nothing; then everybody who waits looks again. */
export function settle(model: Model): void {
  model.unsettled = true
  if (model.settling) return
  model.settling = true
  while (model.unsettled) {
    for (let step = decide(model); step !== null; step = decide(model)) {
      if (step === 'commit') issueCommit(model)
      else issueWrite(model, step)
    }
    model.unsettled = false
    lookAgain(model)
  }
  model.settling = false
}

function decide(model: Model): ReturnType<typeof nextStep> {
  const { desired, committed, issued, acked, flight, abandoned } = model
  const isGone = desired === null && committed === null && !flight.committing && !flight.writing
  const run = model.deliveries.find(({ deletion }) => deletion === 'answer')
  if (run !== undefined && isGone && issued <= run.since) model.bound = null // the answer will delete it
  if (abandoned !== null && committed === null && !flight.committing) {
    if (acked <= abandoned) {
      model.bound = null
      if (issued <= abandoned) model.flight = { ...flight, owed: true }
    }
    model.abandoned = null
  }
  return nextStep(model, model.flight)
}

function issueCommit(model: Model): void {
  const { desired: time, asked } = model
  model.flight = { ...model.flight, committing: true, commits: time, touched: false }
  model.commit = { time, covers: asked }
  model.log.push(`commit ${time}`)
  if (model.setting.synchronous.includes('commit')) commitDone(model)
}

function commitDone(model: Model): void {
  const { time, covers } = model.commit!
  model.commit = null
  model.flight = { ...model.flight, committing: false }
  model.committed = time
  model.covered = covers
}

function issueWrite(model: Model, step: 'precommit' | 'later'): void {
  if (step === 'precommit') stopResting(model)
  const time = step === 'precommit' ? model.desired : model.committed
  const fence = fenceOf(model.epoch, ++model.issued)
  model.attempt++
  const move = step === 'precommit' ? 'earlier' : moveTo(time, model.bound)
  model.log.push(`write ${time} ${move} fence=${printFence(fence)} attempt=${model.attempt}`)
  model.flight = { ...model.flight, writing: true, owed: false }
  model.write = { step, time, sequence: model.issued, attempt: model.attempt }
  if (step === 'later') {
    if (time !== model.bound) model.setBy = model.issued
    model.bound = time
  }
  if (model.setting.synchronous.includes('write')) writeDone(model)
}

function writeDone(model: Model): void {
  const { step, time, sequence } = model.write!
  model.write = null
  model.flight = { ...model.flight, writing: false }
  model.attempt = 0
  model.acked = sequence
  if (step !== 'precommit') return
  model.bound = time
  model.setBy = sequence
  model.flight = {
    ...model.flight,
    again: model.flight.again && model.desired === time && model.stale >= sequence,
  }
}

export function commitOk(model: Model): void {
  commitDone(model)
  settle(model)
}

export function writeOk(model: Model): void {
  writeDone(model)
  settle(model)
}

export function writeFailed(model: Model): void {
  const { step, attempt } = model.write!
  if (step === 'precommit') {
    breakWith(model, 'ALARM_PRECOMMIT_FAILED')
    return
  }
  model.write = null
  model.flight = { ...model.flight, writing: false }
  if (!isEarlier(model, model.flight)) {
    const isGivenUp = attempt > model.setting.retries
    if (isGivenUp) model.attempt = 0
    else model.flight = { ...model.flight, resting: true }
  }
  settle(model)
}

export function restOver(model: Model): void {
  model.flight = { ...model.flight, resting: false, owed: true }
  settle(model)
}

export function breakWith(model: Model, code: AlarmErrorCode): void {
  model.broken = code
  for (const { id } of model.deliveries) model.log.push(`delivery ${id} failed ${code}`)
  for (const waiter of model.waiters) waiter.fail?.(code)
  if (model.held.length > 0) model.log.push(`gate failed ${code}`)
  model.deliveries = []
  model.waiters = []
  model.held = []
  model.write = model.commit = null
  model.flight = idle
}

/** Waits for `ready`, which may hold already. What waits is asked in the order in which it began to. */
export function wait(model: Model, ready: () => boolean, then: () => void, fail?: Waiter['fail']): Waiter {
  const waiter: Waiter = fail === undefined ? { ready, then } : { ready, then, fail }
  model.waiters.push(waiter)
  look(model, waiter)
  return waiter
}

function lookAgain(model: Model): void {
  leave(model)
  const waiters = [...model.waiters]
  for (const waiter of waiters) look(model, waiter)
}

function look(model: Model, waiter: Waiter): void {
  if (!model.waiters.includes(waiter) || !waiter.ready()) return
  forget(model, waiter)
  waiter.then()
}

export function forget(model: Model, waiter: Waiter | null): void {
  model.waiters = model.waiters.filter((other) => other !== waiter)
}

export function send(model: Model, value: number): void {
  model.held.push({ value, needs: model.gated })
  leave(model)
}

function leave(model: Model): void {
  while (model.held[0] !== undefined && model.held[0].needs <= model.covered) {
    model.log.push(`value ${model.held.shift()!.value}`)
  }
}

export function isModelDrained(model: Model): boolean {
  return isDrained(model, model.flight)
}

/** What `alarm.time` reads. */
export function timeOf({ desired, deliveries }: Model): AlarmTime {
  return deliveries.some(({ deletion }) => deletion === 'deferred') ? null : desired
}
