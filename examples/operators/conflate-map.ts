/** Three drafts come while the first is being saved. */
import { conflateMap } from 'nolater'
import {
  concatMap,
  exhaustMap,
  finalize,
  map,
  type Observable,
  type OperatorFunction,
  of,
  switchMap,
  timer,
} from 'rxjs'

type Flatten = (save: (draft: string) => Observable<string>) => OperatorFunction<string, string>

function saveAll(name: string, flatten: Flatten): void {
  const seen: string[] = []
  const save = (draft: string): Observable<string> => {
    seen.push(`begins ${draft},`)
    return timer(5).pipe(map(() => draft))
  }
  of('a', 'ab', 'abc')
    .pipe(
      flatten(save),
      finalize(() => console.log(name, ...seen)),
    )
    .subscribe((draft) => seen.push(`saved ${draft}.`))
}

saveAll('switchMap', (save) => switchMap(save)) // switchMap begins a, begins ab, begins abc, saved abc.
saveAll('exhaustMap', (save) => exhaustMap(save)) // exhaustMap begins a, saved a.
saveAll('conflateMap', (save) => conflateMap(save)) // conflateMap begins a, saved a. begins abc, saved abc.
saveAll('concatMap', (save) => concatMap(save)) // concatMap begins a, saved a. begins ab, saved ab. begins abc, saved abc.
