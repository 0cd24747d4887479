import { noop, Observable, type ObservableInput, type Subscriber, type Subscription } from 'rxjs'
import { currentContext } from '../../operators/async-context.ts'
import { fromUser } from '../../operators/from-user.ts'
import { listen } from '../../operators/listen.ts'
import { markReached, reportUnhandled } from '../../operators/reached.ts'
import { writeError } from '../../vocabulary/error-of.ts'
import type { AlarmError } from '../../vocabulary/errors.ts'
import { sequenceOf } from '../../vocabulary/fence.ts'
import { type AlarmTime, printTime } from '../../vocabulary/time.ts'
import type { Keeper } from '../keeper.ts'
import type { Condition, Place, Waiter } from '../lines.ts'
import {
  type Delivered,
  deliveryBegun,
  handlerDone,
  handlerEnded,
  handlerStarted,
} from '../record/deliveries.ts'
import { enter, isDrained, isNext, leave } from '../waiting.ts'
import type { Run } from '../work.ts'
import { arm } from './arming.ts'
import type { DeliveryOutcome } from './outcome.ts'
import { checkWakeup, idOf, sinceOf, type Wakeup, type WakeupInfo } from './wakeup.ts'

type Handler = (info: WakeupInfo) => ObservableInput<unknown>

/** Handles one wake-up, when its turn comes: an actor has one handler at a time. */
export function deliver(keeper: Keeper, wakeup: Wakeup, handler: Handler): Observable<DeliveryOutcome> {
  return new Observable((subscriber) => {
    const delivered = {
      scheduledTime: checkWakeup(keeper.key, wakeup, handler),
      retryCount: wakeup.retryCount ?? 0,
    }
    const delivery = new Delivery(keeper, wakeup, delivered, handler, subscriber)
    subscriber.add(delivery)
    delivery.arrive()
  })
}

const isNever: Condition<Keeper> = () => false
const isMoved: Condition<Keeper> = (alarm, before) =>
  alarm.acked > before || alarm.isDrained || alarm.isResting

/**
 * One delivery, step by step: its turn, the handler, the deletion of what that used up, the answer.
 *
 * A class, and one object: there is one for every alarm that fires, and operators for each of them would cost more than all the rest.
 */
class Delivery implements Run, Waiter {
  deletion: Run['deletion'] = 'none'
  since = 0
  private readonly keeper: Keeper
  private readonly wakeup: Wakeup
  private readonly delivered: Delivered
  private readonly handler: Handler
  private readonly subscriber: Subscriber<DeliveryOutcome>
  /** the alarm that is handled, or that the manager is given */
  private time: AlarmTime = null
  private next: () => void = noop
  private place: Place | null = null
  private handling: Subscription | null = null
  private isStarted = false
  private isHandled = false
  private isOver = false

  constructor(
    keeper: Keeper,
    wakeup: Wakeup,
    delivered: Delivered,
    handler: Handler,
    subscriber: Subscriber<DeliveryOutcome>,
  ) {
    this.keeper = keeper
    this.wakeup = wakeup
    this.delivered = delivered
    this.handler = handler
    this.subscriber = subscriber
  }

  arrive(): void {
    const { keeper, delivered } = this
    if (keeper.telemetry !== null) keeper.tell({ kind: 'delivery-arrived', ...delivered })
    this.wait(isNext, 0, this.arm)
    keeper.telemetry?.flush() // listeners do not hold up the handler
  }

  private wait(condition: Condition<Keeper>, mark: number, next: () => void): void {
    const { keeper } = this
    this.next = next
    if (keeper.failure !== null) {
      markReached(keeper.failure)
      this.fail(keeper.failure)
    } else if (condition(keeper, mark)) {
      this.ready()
    } else if (!this.isOver) {
      this.enter(condition, mark)
    }
  }

  ready(): void {
    this.attempt(this.next)
  }

  private attempt(step: () => void): void {
    if (this.isOver) return
    try {
      step.call(this)
    } catch (error) {
      if (this.isOver) reportUnhandled(error)
      else this.fail(error)
    }
  }

  private enter(condition: Condition<Keeper>, mark: number): void {
    this.place = enter(this.keeper, condition, mark, this, currentContext(), this.place?.rank)
  }

  private leave(): void {
    if (this.place !== null) leave(this.keeper, this.place)
  }

  private arm(): void {
    const { keeper, wakeup, delivered } = this
    const { scheduledTime } = delivered
    tellViolation(keeper, wakeup)
    this.since = sinceOf(keeper, wakeup)
    const arming = arm(keeper, scheduledTime, keeper.now(), this.since <= keeper.stale)
    if (!('run' in arming)) {
      this.reschedule(arming.reschedule)
      return
    }
    // Run in place of another one, it may be with the manager already, under any fence.
    deliveryBegun(keeper, arming.run === scheduledTime ? this.since : keeper.issued)
    this.run(arming.run, arming.deletes)
  }

  private run(time: number, deletes: boolean): void {
    const { keeper, delivered, handler } = this
    const { retryCount } = delivered
    const info = { id: idOf(this.wakeup, time), scheduledTime: time, retryCount, isRetry: retryCount > 0 }
    this.time = time
    this.deletion = deletes ? 'deferred' : 'none'
    this.isStarted = true
    handlerStarted(keeper, this)
    if (keeper.telemetry !== null) keeper.tell({ kind: 'delivery-run', ...delivered, time, deletes })
    this.enter(isNever, 0) // a broken alarm fails its delivery
    this.handle(fromUser('The handler', () => handler(info)))
    keeper.telemetry?.flush()
  }

  private handle(handled$: Observable<unknown>): void {
    if (this.isOver) {
      handled$.subscribe({ error: noop }).unsubscribe() // it has been called: what it rejects with is no one's
      return
    }
    this.handling = listen(handled$, this.subscriber, {
      next: noop,
      error: (error) => (this.isHandled ? reportUnhandled(error) : this.fail(error)),
      complete: () => {
        this.isHandled = true
      },
    })
    // Not on completion: what it does as it is torn down is a part of it, and the next handler begins after that.
    this.handling.add(() => {
      if (this.isHandled) this.attempt(this.handled)
    })
  }

  private handled(): void {
    this.leave()
    if (handlerDone(this)) this.keeper.want(null, true)
    this.wait(isDrained, 0, this.answer)
  }

  /**
   * Done removes the manager's copy if its fence is still the delivered one. So where an alarm stands, there must be a newer write; where none
   * stands, the answer is the deletion.
   */
  private answer(): void {
    const { keeper } = this
    if (keeper.acked !== keeper.issued) throw undelivered(keeper)
    if (keeper.committed !== null && keeper.acked <= this.since) {
      keeper.renew()
      this.wait(isDrained, 0, this.answer)
      return
    }
    this.done()
  }

  private done(): void {
    const { keeper, delivered } = this
    keeper.tellNow({ kind: 'delivery-done', ...delivered })
    this.end({ kind: 'ran', scheduledTime: this.time as number, retryCount: delivered.retryCount })
  }

  /** The manager woke us for another alarm than ours, which is not due: it gets ours before it gets an answer. */
  private reschedule(time: AlarmTime): void {
    const { keeper } = this
    this.time = time
    this.since = keeper.issued
    keeper.renew()
    this.wait(isMoved, this.since, this.rescheduled)
  }

  private rescheduled(): void {
    const { keeper, delivered, time } = this
    if (keeper.acked <= this.since) throw undelivered(keeper)
    keeper.tellNow({ kind: 'delivery-rescheduled', ...delivered, time })
    this.end({ kind: 'rescheduled', scheduledTime: delivered.scheduledTime, time })
  }

  private end(outcome: DeliveryOutcome): void {
    this.subscriber.next(outcome)
    this.subscriber.complete()
  }

  fail(error: unknown): void {
    if (this.isOver) return
    const { keeper, delivered } = this
    handlerEnded(keeper, this) // before the failure reaches the manager: it may give the alarm up at once
    keeper.tellNow({ kind: 'delivery-failed', ...delivered, error })
    this.subscriber.error(error)
  }

  unsubscribe(): void {
    if (this.isOver) return
    this.isOver = true
    this.leave()
    try {
      this.handling?.unsubscribe()
    } finally {
      if (this.isStarted) {
        handlerEnded(this.keeper, this)
        this.keeper.settle()
      }
    }
  }
}

function undelivered(keeper: Keeper): AlarmError {
  const cause = keeper.work?.lastError ?? new Error('its last write was given up, or is still in flight')
  return writeError(keeper.key, printTime(keeper.bound), cause)
}

/** Woken for a time after the committed one, by no older write than our last: the manager had lost what it acknowledged. */
function tellViolation(keeper: Keeper, { scheduledTime, fence }: Wakeup): void {
  const { committed, fenceEpoch, acked } = keeper
  if (keeper.telemetry === null || committed === null || !keeper.isClean) return
  if (scheduledTime > committed && (fence === undefined || sequenceOf(fenceEpoch, fence) >= acked)) {
    keeper.tell({ kind: 'violation', manager: scheduledTime, committed })
  }
}
