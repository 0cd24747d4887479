/** Three drafts come while the first is being saved. */
import { conflateMap } from 'nolater'
import { concatMap, exhaustMap, map, of, switchMap, tap, timer, toArray } from 'rxjs'

const drafts$ = of('a', 'ab', 'abc')
const save = (draft: string) => timer(5).pipe(map(() => draft))
const print = (name: string) => tap((saved: string[]) => console.log(name, ...saved))

drafts$.pipe(conflateMap(save), toArray(), print('conflateMap')).subscribe() // conflateMap a abc
drafts$.pipe(concatMap(save), toArray(), print('concatMap')).subscribe() // concatMap a ab abc
drafts$.pipe(exhaustMap(save), toArray(), print('exhaustMap')).subscribe() // exhaustMap a
drafts$.pipe(switchMap(save), toArray(), print('switchMap')).subscribe() // switchMap abc
