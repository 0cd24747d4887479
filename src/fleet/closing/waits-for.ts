import { type AlarmState, type Flight, isConfirmed } from '../../actor/rules.ts'

/** What an alarm waits for that is not drained, as the error of a close says it. */
export function waitsFor(alarm: AlarmState, flight: Flight): string {
  if (isConfirmed(alarm, flight)) return 'the manager to take the later alarm'
  return flight.committing ? 'the store to commit the alarm' : 'the manager to take the earlier alarm'
}
