import type { AlarmTime } from 'nolater'
import { BehaviorSubject, concat, defer, endWith, filter, retry, Subject, switchMap, take, timer } from 'rxjs'
import { isBefore, type OpenRival, REST } from './rival.ts'

/**
 * `switchMap` over the write: only the newest alarm matters, so it replaces the one before, in flight or not. An earlier alarm is told to
 * the manager before it is committed, a later one after. What it forgets: unsubscribing from a request does not undo it.
 */
export const switchMapOverTheWrite: OpenRival = ({ clock, initial, commit, write }) => {
  const changes$ = new Subject<AlarmTime>()
  const isBusy$ = new BehaviorSubject(false)
  let held = initial
  let wanted = initial

  const tell = (time: AlarmTime) => defer(() => write(time)).pipe(retry({ delay: () => timer(REST, clock) }))
  const apply = (time: AlarmTime) =>
    isBefore(time, held) ? concat(tell(time), commit(time)) : concat(commit(time), tell(time))

  changes$.pipe(switchMap((time) => apply(time).pipe(endWith(time)))).subscribe((time) => {
    held = time
    isBusy$.next(false)
  })

  const change = (time: AlarmTime): void => {
    wanted = time
    isBusy$.next(true)
    changes$.next(time)
  }
  return {
    get wanted() {
      return wanted
    },
    ask(time) {
      if (time !== wanted) change(time)
    },
    again: () => change(wanted),
    idle: () =>
      isBusy$.pipe(
        filter((isBusy) => !isBusy),
        take(1),
      ),
  }
}
