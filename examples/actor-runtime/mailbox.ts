import { gate } from 'nolater'
import { BehaviorSubject, defer, finalize, Observable, type ObservableInput, Subject } from 'rxjs'

/** Begins a work in its turn; whoever leaves before that is not served, whoever leaves during it ends it. */
export type InTurn = <T>(work: () => ObservableInput<T>) => Observable<T>

/** One work at a time, in the order in which they were asked for: the gate lets the next one out when the one before has ended. */
export function mailbox(): InTurn {
  const free$ = new BehaviorSubject(true)
  const turns = new Subject<() => void>()
  turns.pipe(gate(free$)).subscribe((begin) => begin())

  return (work) =>
    new Observable((subscriber) => {
      turns.next(() => {
        if (subscriber.closed) return
        free$.next(false)
        defer(work)
          .pipe(finalize(() => free$.next(true)))
          .subscribe(subscriber)
      })
    })
}
