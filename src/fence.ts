import { AlarmConfigError, AlarmError } from './errors.ts'

// One number, so that any engine can compare it: 25 bits of epoch above 28 bits of sequence, 2^53 in all.
// An actor opened once a minute has epochs for 63 years; one incarnation has 268 million manager writes.
const SEQUENCES = 2 ** 28
const EPOCHS = 2 ** 25

/** The fence below every write of this epoch and above every write of the epochs before it. */
export function firstFence(epoch: number): number {
  if (!Number.isInteger(epoch) || epoch < 0 || epoch >= EPOCHS) {
    throw new AlarmConfigError(
      'epoch',
      `a whole number from 0 to ${EPOCHS - 1}, raised by the store at each opening`,
      epoch,
    )
  }
  return epoch * SEQUENCES
}

/** The fence of the next write. Running into the next epoch would outlive our successor, so it is refused. */
export function nextFence(fence: number): number {
  if ((fence + 1) % SEQUENCES === 0) {
    throw new AlarmError(
      'ALARM_FENCE_EXHAUSTED',
      `Epoch ${epochOf(fence)} has used all its ${SEQUENCES - 1} manager writes. Open the alarm again with a higher epoch.`,
      { counted: false },
    )
  }
  return fence + 1
}

export function epochOf(fence: number): number {
  return Math.floor(fence / SEQUENCES)
}
