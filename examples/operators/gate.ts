/** The first reply that leaves closes the gate again: there is something to be saved with it, too. */
import { gate } from 'nolater'
import { BehaviorSubject, delayWhen, first, of } from 'rxjs'

const durable$ = new BehaviorSubject(false)
const replies$ = of('a', 'b')
const send = (name: string) => (reply: string) => {
  console.log(name, reply)
  durable$.next(false)
}

replies$.pipe(gate(durable$)).subscribe(send('gate'))
replies$.pipe(delayWhen(() => durable$.pipe(first(Boolean)))).subscribe(send('delayWhen'))
durable$.next(true) // gate a, delayWhen a, delayWhen b
