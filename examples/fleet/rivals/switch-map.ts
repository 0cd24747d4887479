import type { AlarmTime } from 'nolater'
import { concat, defer, retry, Subject, switchMap, timer } from 'rxjs'
import type { Keeper } from '../outside-world.ts'

/** `switchMap` over the write: only the newest change counts, and the one before is cancelled with its retries. */
export const switchMapOverTheWrite: Keeper = ({ commit, write, clock }) => {
  const changes$ = new Subject<AlarmTime>()
  const tell = { delay: () => timer(10, clock) }
  changes$
    .pipe(switchMap((time) => concat(commit(time), defer(() => write(time)).pipe(retry(tell)))))
    .subscribe()
  return (time) => changes$.next(time)
}
