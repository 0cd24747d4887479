import { asyncScheduler, type SchedulerLike } from 'rxjs'
import { checkNames, type Names } from '../vocabulary/check-names.ts'
import { configError } from '../vocabulary/error-of.ts'
import type { DeliveryOptions } from '../vocabulary/manager.ts'
import { timerMilliseconds } from '../vocabulary/milliseconds.ts'
import { wholeClock } from '../vocabulary/whole-clock.ts'

/** The options of every manager over a ledger. */
export interface ManagerOptions {
  /** the clock, and the one timer; default asyncScheduler */
  readonly scheduler?: SchedulerLike
  /** ms within which a handler must answer, or its alarm is delivered again; default 30 s */
  readonly lease?: number
  /** what a text of a failed delivery's error becomes before it is kept: its name, its message, its stack; default: it is kept as it is */
  readonly redact?: (text: string) => string
}

export const managerNames: Names<ManagerOptions> = { scheduler: true, lease: true, redact: true }

/** Refuses options that cannot work (`ALARM_CONFIG_INVALID`), and fills in the defaults. */
export function checkManagerOptions(options: ManagerOptions): Required<ManagerOptions> {
  if (typeof options !== 'object' || options === null) {
    throw configError('The options of a manager', 'an object', options)
  }
  const { scheduler = asyncScheduler, lease = 30_000, redact = (text) => text } = options
  if (typeof scheduler?.now !== 'function' || typeof scheduler.schedule !== 'function') {
    throw configError('scheduler', 'an RxJS scheduler', scheduler)
  }
  if (typeof redact !== 'function') {
    throw configError('redact', 'a function from a text to what may be kept of it', redact)
  }
  return { scheduler: wholeClock(scheduler), lease: timerMilliseconds('lease', lease), redact }
}

const deliveryNames: Names<DeliveryOptions> = { concurrency: true, abandon: true }

/** Refuses a delivery that cannot work, before anything is taken. */
export function checkDeliveries(handler: unknown, options: DeliveryOptions): void {
  const { concurrency, abandon } = options
  checkNames('deliveries', options, deliveryNames)
  const isLimited = concurrency !== undefined && concurrency !== Infinity
  if (typeof handler !== 'function') {
    throw configError(
      'The delivery handler',
      'a function that returns an Observable, a promise or an iterable',
      handler,
    )
  }
  if (isLimited && (!Number.isSafeInteger(concurrency) || concurrency < 1)) {
    throw configError('concurrency', 'a whole number of handlers, 1 or more, or Infinity', concurrency)
  }
  if (abandon !== undefined && typeof abandon !== 'function') {
    throw configError('abandon', 'a function from the key and the time to the alarm that stands', abandon)
  }
}
