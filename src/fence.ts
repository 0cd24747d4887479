import { AlarmConfigError, AlarmError } from './errors.ts'

// One number, so that any engine can compare it: 25 bits of epoch above 28 bits of sequence, 2^53 in all.
// An actor opened once a minute has epochs for 63 years; one incarnation has 268 million manager writes.
const SEQUENCES = 2 ** 28
const EPOCHS = 2 ** 25

/** Returns the epoch, if it can be one. */
export function checkEpoch(epoch: number): number {
  if (Number.isInteger(epoch) && epoch >= 0 && epoch < EPOCHS) return epoch
  const wanted = `a whole number from 0 to ${EPOCHS - 1}, raised by the store at each opening`
  throw new AlarmConfigError('epoch', wanted, epoch)
}

/**
 * The fence of the nth write of an epoch: above every write before it, and above all of the epochs before it.
 *
 * Running into the next epoch would outlive our successor, so it is refused.
 */
export function fenceOf(epoch: number, sequence: number): number {
  if (sequence < SEQUENCES) return epoch * SEQUENCES + sequence
  throw new AlarmError(
    'ALARM_FENCE_EXHAUSTED',
    `Epoch ${epoch} has used all its ${SEQUENCES - 1} manager writes. Open the alarm again with a higher epoch.`,
    { counted: false },
  )
}

const FARTHEST = 2 ** 20

/**
 * The first epoch whose fences are all above one that the manager holds, for a store that holds `epoch`; `null` where there is none.
 *
 * At most 2^20 above its own: a fence that was damaged must not use all epochs up.
 */
export function epochAbove(held: number, epoch: number): number | null {
  if (!Number.isSafeInteger(held)) return null
  const above = Math.floor(held / SEQUENCES) + 1
  return above > epoch && above - epoch <= FARTHEST && above < EPOCHS ? above : null
}

/** Which write of this epoch a fence is: 0 or less for one of an epoch before. */
export function sequenceOf(epoch: number, fence: number): number {
  return fence - epoch * SEQUENCES
}
