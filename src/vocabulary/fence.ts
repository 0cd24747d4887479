import { configError } from './error-of.ts'
import { AlarmError } from './errors.ts'

// One number, so that any engine can compare it: 31 bits of epoch above 22 bits of sequence, 2^53 in all. 31 bits are what V8 keeps as a
// small integer and SQL in an `integer`. An actor opened once a second has epochs for 68 years.
/** fences to an epoch */
export const SEQUENCES = 2 ** 22
const EPOCHS = 2 ** 31

/** Returns the epoch, if it can be one. */
export function checkEpoch(epoch: number): number {
  if (Number.isInteger(epoch) && epoch >= 0 && epoch < EPOCHS) return epoch
  const wanted = `a whole number from 0 to ${EPOCHS - 1}, raised by the store at each opening`
  throw configError('epoch', wanted, epoch)
}

/**
 * The fence of the nth write of an epoch: above every write before it, and above all of the epochs before it.
 *
 * An incarnation may own `spare` epochs above its own and count on into them; running into one that it does not own would outlive its
 * successor, so it is refused.
 */
export function fenceOf(epoch: number, sequence: number, spare = 0): number {
  if (sequence < SEQUENCES * (spare + 1)) return epoch * SEQUENCES + sequence
  throw new AlarmError(
    'ALARM_FENCE_EXHAUSTED',
    `Epoch ${epoch} has used all its ${SEQUENCES - 1} manager writes. Open the alarm again with a higher epoch, or give \`raise\`, ` +
      'which takes one while it is open.',
    { counted: false },
  )
}

/** Whether the nth write needs one more epoch than the incarnation owns; where it can wait for that (`early`), from the middle of the last one on. */
export function needsEpoch(sequence: number, spare: number, early: boolean): boolean {
  return sequence >= SEQUENCES * (spare + (early ? 0.5 : 1))
}

const FARTHEST = 2 ** 26

/**
 * The first epoch whose fences are all above one that the manager holds, for a store that holds `epoch`; `null` where there is none.
 *
 * At most 2^26 above its own, a 32nd of all: a fence that was damaged must not use all epochs up.
 */
export function epochAbove(held: number, epoch: number): number | null {
  if (!Number.isSafeInteger(held)) return null
  const above = Math.floor(held / SEQUENCES) + 1
  return above > epoch && above - epoch <= FARTHEST && above < EPOCHS ? above : null
}

/** What a column of epochs becomes where tables come from the split of 25 and 28 bits, as SQL: above all the fences given out under it. */
export const ofTheFormerSplit = (epoch: string, least: 'min' | 'least'): string =>
  `${least}((${epoch} + 1) * ${2 ** 28 / SEQUENCES}, ${EPOCHS - 1})`

/** Which write of this epoch a fence is: 0 or less for one of an epoch before. */
export function sequenceOf(epoch: number, fence: number): number {
  return fence - epoch * SEQUENCES
}
