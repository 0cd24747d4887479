import { throwing } from '../../operators/reached.ts'
import { AlarmError } from '../../vocabulary/errors.ts'
import { sequenceOf } from '../../vocabulary/fence.ts'
import { given } from '../../vocabulary/given.ts'
import { type AlarmTime, checkTime, printTime } from '../../vocabulary/time.ts'
import type { Keeper } from '../keeper.ts'
import { anotherKept, givenUp, movedByAnswer } from '../record/deliveries.ts'
import { sinceOf } from './wakeup.ts'

/** Deletes the alarm if it is still exactly the one that the manager gives up; returns the one that stands, or `null`. */
export function abandon(
  keeper: Keeper,
  scheduledTime: number,
  delivered?: { readonly fence?: number },
): AlarmTime {
  if (keeper.failure !== null) throw throwing(keeper.failure)
  const time = checkTime(scheduledTime)
  if (!keeper.isSettled) throw unsettled(keeper, time)
  if (keeper.desired === time && !isOfBefore(keeper, delivered)) {
    givenUp(keeper)
    keeper.deleteNow(keeper.atWork())
    return null
  }
  if (isOfAnother(keeper, delivered)) throw unproven(keeper, time)
  const kept = keeper.committed
  if (kept !== time) anotherKept(keeper)
  movedByAnswer(keeper, kept)
  keeper.settle()
  return kept
}

/** It was asked again, at the same time, since the one that is given up had begun. */
function isOfBefore(keeper: Keeper, delivered?: { readonly fence?: number }): boolean {
  const fence = delivered?.fence
  return fence !== undefined && sinceOf(keeper, { fence }) <= keeper.stale
}

/** Another incarnation has written it, by its fence: what this one knows of the alarm may be old. */
function isOfAnother({ fenceEpoch, issued }: Keeper, delivered?: { readonly fence?: number }): boolean {
  const fence = delivered?.fence
  return fence !== undefined && sequenceOf(fenceEpoch, fence) > issued
}

/** A write shows which of the two owns the actor: the manager refuses it, or holds a fence of this one by the next time. */
function unproven(keeper: Keeper, time: number): unknown {
  keeper.renew()
  return keeper.failure !== null
    ? throwing(keeper.failure)
    : notNow(keeper, time, 'another incarnation has written it')
}

function unsettled(keeper: Keeper, time: number): AlarmError {
  const why = keeper.work?.run
    ? 'a handler of its actor runs'
    : 'a commit or a manager write of its actor is in flight'
  return notNow(keeper, time, why)
}

function notNow({ key }: Keeper, time: number, why: string): AlarmError {
  return new AlarmError(
    'ALARM_WRITE_FAILED',
    `The alarm ${printTime(time)} of ${given(key)} cannot be given up now: ${why}. ` +
      'Nothing is lost: answer the manager with this error and it asks again.',
    { counted: false },
  )
}
