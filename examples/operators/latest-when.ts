/** Three positions come, and the source ends, before the connection is ready. */
import { latestWhen } from 'nolater'
import {
  BehaviorSubject,
  debounce,
  filter,
  type MonoTypeOperatorFunction,
  type Observable,
  of,
  sample,
} from 'rxjs'

function show(name: string, wait: (ready$: Observable<boolean>) => MonoTypeOperatorFunction<number>): void {
  const ready$ = new BehaviorSubject(false)
  const shown: string[] = []
  of(1, 2, 3)
    .pipe(wait(ready$))
    .subscribe((position) => shown.push(ready$.value ? `${position}` : `${position} too soon`))
  ready$.next(true)
  console.log(name, shown.join(' ') || 'nothing')
}

const whenReady = (ready$: Observable<boolean>) => ready$.pipe(filter(Boolean))
show('latestWhen', latestWhen) // latestWhen 3
show('debounce', (ready$) => debounce(() => whenReady(ready$))) // debounce 3 too soon
show('sample', (ready$) => sample(whenReady(ready$))) // sample nothing
