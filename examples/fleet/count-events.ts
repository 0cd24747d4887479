import type { AlarmEvent } from 'nolater'
import type { Tally } from './tally.ts'

/** Counts what the engine tells of one actor; `stored` is the alarm that its store held when it was opened. */
export function countEvents({ count }: Tally, stored: number | null): (event: AlarmEvent) => void {
  let committed = stored
  return (event) => {
    switch (event.kind) {
      case 'intent':
        return count('intents')
      case 'commit-acknowledged':
        count('commits')
        if (event.time !== committed) count('moves')
        committed = event.time
        return
      case 'write-acknowledged':
        if (event.move !== 'same') count('movesWritten')
        return
      case 'write-failed':
        return count('writeFailures')
      case 'write-given-up':
        return count('writesGivenUp')
      case 'superseded':
        return count('superseded')
      case 'delivery-rescheduled':
        return count('rescheduled')
    }
  }
}
