import { hostname } from 'node:os'
import { catchError, defer, EMPTY, exhaustMap, type SchedulerLike, timer } from 'rxjs'
import type { Activity } from '../ledger/activity.ts'
import type { OperatorTable } from './operator-table.ts'

const SECOND = 1_000
const BEATS = 10 // of them, without work

const OWN = 24 // letters of a UUID; the others are those of one lease

/** One subscription of `deliveries`. */
export function newDeliverer(): string {
  return delivererOf(crypto.randomUUID())
}

/** Each lease that it takes has a holder of its own, so that it can be given back alone. */
export function newHolder(deliverer: string): string {
  return deliverer.slice(0, OWN) + crypto.randomUUID().slice(OWN)
}

export function delivererOf(holder: string): string {
  return holder.slice(0, OWN).padEnd(36, '0')
}

/** Keeps in the database that this delivers, and what it did: once a second while there is work, else every ten; until it is ended. */
export function reportActivity(
  holder: string,
  activity: Activity,
  scheduler: SchedulerLike,
  operators: Pick<OperatorTable, 'seen' | 'gone'>,
): { end(): Promise<void> } {
  const own = { holder, process: `${hostname()}:${process.pid}` }
  let entering: Promise<void> = Promise.resolve()
  let reported = ''
  let beats = BEATS
  const report$ = defer(async () => {
    const minute = activity.minute()
    const text = JSON.stringify(minute)
    if (text === reported && ++beats < BEATS) return
    entering = operators.seen({ ...own, minute })
    await entering
    reported = text
    beats = 0
  }).pipe(catchError(() => EMPTY)) // what is not entered now is entered next time
  const reporting = timer(0, SECOND, scheduler)
    .pipe(exhaustMap(() => report$))
    .subscribe()
  return {
    async end() {
      reporting.unsubscribe()
      await entering.catch(() => {}) // entered after the end, it would say that this delivers
      await operators.gone(own, activity.past()).catch(() => {}) // the database is away: it is forgotten in an hour
    },
  }
}
