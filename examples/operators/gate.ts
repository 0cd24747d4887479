/** The first reply that leaves closes the gate again, as it has something to be saved, too. */
import { gate } from 'nolater'
import { BehaviorSubject, delayWhen, first, type MonoTypeOperatorFunction, type Observable, of } from 'rxjs'

function send(name: string, hold: (durable$: Observable<boolean>) => MonoTypeOperatorFunction<string>): void {
  const durable$ = new BehaviorSubject(false)
  const sent: string[] = []
  of('a', 'b')
    .pipe(hold(durable$))
    .subscribe((reply) => {
      sent.push(reply)
      durable$.next(false)
    })
  durable$.next(true)
  console.log(name, sent.join(' '))
}

send('gate', gate) // gate a
send('delayWhen', (durable$) => delayWhen(() => durable$.pipe(first(Boolean)))) // delayWhen a b
