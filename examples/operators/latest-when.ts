/** Three positions come, and the source ends, before the connection is ready. */
import { latestWhen } from 'nolater'
import { BehaviorSubject, debounce, filter, of, sample } from 'rxjs'

const connected$ = new BehaviorSubject(false)
const whenConnected$ = connected$.pipe(filter(Boolean))
const positions$ = of(1, 2, 3)
const show = (name: string) => (position: number) =>
  console.log(`${name} ${position}${connected$.value ? '' : ' too soon'}`)

positions$.pipe(debounce(() => whenConnected$)).subscribe(show('debounce')) // debounce 3 too soon
positions$.pipe(sample(whenConnected$)).subscribe(show('sample'))
positions$.pipe(latestWhen(connected$)).subscribe(show('latestWhen'))
connected$.next(true) // latestWhen 3
