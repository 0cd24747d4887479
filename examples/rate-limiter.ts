/**
 * A rate limiter that forgets nothing: at most `limit` calls to somebody else's service in each window of `window` ms. What is too much
 * waits in the store, over crashes too, and the alarm lets the next ones go.
 * It shows state and alarm in one commit, calls that leave through the output gate, and a handler that sets the next alarm.
 * Run it: nine calls at once, three in each window of 100 ms.
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { DeliveryOutcome, Wakeup } from 'nolater'
import { type ActorStore, sqliteManager, sqliteStore } from 'nolater/sqlite'
import {
  asyncScheduler,
  concat,
  concatMap,
  defer,
  EMPTY,
  filter,
  finalize,
  from,
  type Observable,
  type ObservableInput,
  of,
  type SchedulerLike,
  take,
} from 'rxjs'
import { scratchFolder } from './processes/scratch-folder.ts'

export interface RateLimiterOptions {
  readonly store: ActorStore
  readonly limit: number
  readonly window: number
  /** Makes the call: once, or again if this process dies before the store knows. */
  call(job: string): ObservableInput<unknown>
  readonly scheduler?: SchedulerLike
}

export interface RateLimiter {
  /** Emits the job once it is durable; it will be called then, whatever happens. */
  submit(job: string): Observable<string>
  /** Lets the next ones go; for the manager's deliveries. */
  deliver(wakeup: Wakeup): Observable<DeliveryOutcome>
}

export function rateLimiter(options: RateLimiterOptions): RateLimiter {
  const { store, limit, window, call, scheduler = asyncScheduler } = options
  const { sql, alarm } = store
  sql.exec('CREATE TABLE IF NOT EXISTS job (id INTEGER PRIMARY KEY, name TEXT)')

  /** When the next window may begin. */
  const freeAt = (): number => Math.max(scheduler.now(), store.get<number>('freeAt') ?? 0)
  const jobs = (): Job[] => sql.all<Job>('SELECT * FROM job ORDER BY id LIMIT ?', limit)

  const callOne = ({ id, name }: Job): Observable<unknown> =>
    concat(
      defer(() => call(name)),
      defer(() => of(sql.run('DELETE FROM job WHERE id = ?', id))),
    )

  /** No call leaves before it is durable that the window has begun: a crash must not begin another one in it. */
  const callAll = (): Observable<unknown> => {
    if (freeAt() > scheduler.now()) return EMPTY
    store.put('freeAt', scheduler.now() + window)
    return from(jobs()).pipe(alarm.holdUntilConfirmed(), concatMap(callOne))
  }

  const goOn = (): Observable<never> => {
    if (jobs().length > 0) alarm.set(freeAt())
    return EMPTY
  }

  return {
    submit: (job) =>
      defer(() => {
        store.transaction(() => {
          sql.run('INSERT INTO job (name) VALUES (?)', job)
          if (alarm.time === null) alarm.set(freeAt())
        })
        return of(job)
      }).pipe(alarm.holdUntilConfirmed()),
    deliver: (wakeup) => alarm.deliver(wakeup, () => concat(callAll(), defer(goOn))),
  }
}

interface Job {
  readonly id: number
  readonly name: string
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = scratchFolder('rate-limiter')
  const manager = sqliteManager({ file: join(folder, 'alarms.db') })
  const store = sqliteStore({ file: join(folder, 'calls.db'), key: 'calls', manager })
  const call = (job: string) => of(console.log(job))
  const { submit, deliver } = rateLimiter({ store, limit: 3, window: 100, call })

  for (let i = 1; i <= 9; i++) submit(`call ${i}`).subscribe()
  manager
    .deliveries(deliver)
    .pipe(
      filter(({ kind }) => kind === 'done'),
      take(3),
      finalize(() => {
        store.close()
        manager.close()
      }),
    )
    .subscribe(() => console.log('-- end of a window'))
}
