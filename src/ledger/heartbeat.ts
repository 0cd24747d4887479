import { defer, repeat, type SchedulerLike, type Subscription, timer } from 'rxjs'

const BEAT = 10_000 // ms without a report
const AGAIN = 1_000 // ms: it could not be reported, as while a file is locked

/** Calls `beat` when there was no report for ten seconds, and each second until there is one. */
export function heartbeat(silence: () => number, beat: () => void, scheduler: SchedulerLike): Subscription {
  return defer(() => timer(silence() < BEAT ? BEAT - silence() : AGAIN, scheduler))
    .pipe(repeat())
    .subscribe(() => {
      if (silence() >= BEAT) beat()
    })
}
