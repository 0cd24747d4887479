import { AlarmError } from '../../vocabulary/errors.ts'
import { sequenceOf } from '../../vocabulary/fence.ts'
import { given } from '../../vocabulary/given.ts'
import { checkTime } from '../../vocabulary/time.ts'
import type { Keeper } from '../keeper.ts'

/** A wake-up, as the manager delivers it. Without a `fence`, only writes issued since count as newer than it. */
export interface Wakeup {
  /** whose it is; an alarm that has a key refuses another's */
  readonly key?: string
  readonly scheduledTime: number
  readonly retryCount?: number
  readonly fence?: number
  /** which alarm it is, the same for each try of it; made of the fence and the time where the manager delivers none */
  readonly id?: string
}

/** What the handler is given. */
export interface WakeupInfo {
  /** the alarm that is being handled: what was set, ms since the epoch */
  readonly scheduledTime: number
  /** which alarm of this actor it is, the same on each try: what an effect is keyed on. Two alarms may have the same `scheduledTime` */
  readonly id: string
  /** counted failures of this alarm before this run */
  readonly retryCount: number
  readonly isRetry: boolean
}

/** Above this one a write of ours is newer than the delivery. We wrote none before the first, nor yet any after the last. */
export function sinceOf({ fenceEpoch, issued }: Keeper, { fence }: { readonly fence?: number }): number {
  return fence === undefined ? issued : Math.max(0, Math.min(sequenceOf(fenceEpoch, fence), issued))
}

/** Of an alarm that runs in place of the one that was delivered, too. */
export function idOf({ id, fence, scheduledTime }: Wakeup, run: number): string {
  const delivered = id ?? (fence === undefined ? `${scheduledTime}` : `${fence}-${scheduledTime}`)
  return run === scheduledTime ? delivered : `${delivered}-${run}`
}

export function checkWakeup(own: string, wakeup: Wakeup, handler: unknown): number {
  const { key = own, scheduledTime, retryCount, fence, id } = wakeup ?? {}
  const isCount = (value: unknown): boolean =>
    value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)
  const isId = id === undefined || typeof id === 'string'
  if (!isCount(retryCount) || !isCount(fence) || !isId || typeof handler !== 'function') {
    throw new AlarmError(
      'ALARM_DELIVERY_INVALID',
      'A delivery is { key?, scheduledTime, retryCount?, fence?, id? } in whole numbers, 0 or more, with a function to handle it; ' +
        `given retryCount ${given(retryCount)}, fence ${given(fence)}, id ${given(id)} and ${given(handler)}.`,
    )
  }
  // Answered by us, its manager would take the alarm of the other actor for done: it would be lost.
  if (key !== own && own !== '') {
    throw new AlarmError(
      'ALARM_DELIVERY_INVALID',
      `This wake-up is that of ${given(key)}, and this is the alarm of ${given(own)}. Look the actor up by delivery.key, or let openFleet do it. ` +
        'Where the manager knows this one by another key, pass { ...delivery, key }.',
      { counted: false },
    )
  }
  return checkTime(scheduledTime)
}
