import { concat, defer, endWith, filter, firstValueFrom, ReplaySubject, Subject, switchMap } from 'rxjs'
import { type AlarmTime, isBefore, type Ports, rival } from '../rival.ts'

/** What comes to mind first: only the newest alarm matters, so it replaces the one before, in flight or not. */
class Switched {
  readonly intents$ = new Subject<AlarmTime>()
  readonly ended$ = new ReplaySubject<AlarmTime>(1)
  held: AlarmTime
  wanted: AlarmTime

  constructor({ commit, write }: Ports, initial: AlarmTime) {
    this.held = this.wanted = initial
    const apply = (time: AlarmTime) => {
      const commit$ = defer(() => commit(time))
      const write$ = defer(() => write(time))
      return isBefore(time, this.held) ? concat(write$, commit$) : concat(commit$, write$)
    }
    this.intents$.pipe(switchMap((time) => apply(time).pipe(endWith(time)))).subscribe((time) => {
      this.held = time as AlarmTime
      this.ended$.next(this.held)
    })
    this.ended$.next(initial)
  }

  set(time: AlarmTime): void {
    if (time === this.wanted) return
    this.wanted = time
    this.intents$.next(time)
  }

  delete(): void {
    this.set(null)
  }
}

export default rival<Switched>({
  open: (ports, initial) => new Switched(ports, initial),
  drained: (actor) => firstValueFrom(actor.ended$.pipe(filter((time) => time === actor.wanted))),
})
