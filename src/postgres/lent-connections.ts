import type { Pool, PoolClient } from 'pg'
import {
  catchError,
  concatMap,
  defer,
  EMPTY,
  firstValueFrom,
  lastValueFrom,
  merge,
  Observable,
  repeat,
  type SchedulerLike,
  takeUntil,
  takeWhile,
  throwError,
  timeout,
  timer,
} from 'rxjs'
import { elapsedOf } from '../vocabulary/elapsed.ts'
import { AlarmError } from '../vocabulary/errors.ts'
import { aborted } from './aborted.ts'
import type { Database } from './database.ts'
import { postgresError } from './postgres-error.ts'
import { type Holder, lineOf } from './transaction-line.ts'

/** A connection, and the two ways to give it back. */
interface Lent {
  readonly client: PoolClient
  giveBack(): void
  /** Throws it away, also in the middle of a statement, and has the server end that transaction. What still uses it gets errors. */
  end(transaction: Backend | null): Promise<void>
}

/** A transaction as the server knows it. */
export interface Backend {
  readonly pid: number
  readonly since: string
}

/** Whose transaction it is to be. */
interface Borrower extends Pick<Holder, 'end'> {
  readonly signal: AbortSignal
  /** Called when the connection has broken. */
  lost(error: unknown): void
}

/** Where the connections come from. */
export interface Lender {
  /** one of those that transactions may have at a time */
  forTransaction(borrower: Borrower): Promise<Lent>
  /** for a statement that waits for nothing */
  forStatement(): Promise<Lent>
  /** what has broken a connection, as an error of the store's */
  broken(error: unknown): unknown
}

const REST = 10 // ms between looks

/** No row is left when the transaction is over. By its beginning it is known not to be another's, whose process has got its number. */
const END = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND xact_start = $2::timestamptz`

export function lenderOf(db: Database, scheduler: SchedulerLike): Lender {
  const elapsed = elapsedOf(scheduler)
  const broken = (error: unknown): unknown => postgresError(error, db.name)

  function connect(pool: Pool, free = (): void => {}, lost = (_: unknown): void => {}): Observable<Lent> {
    return new Observable((subscriber) => {
      let isLent = false
      const lend = (client: PoolClient): void => {
        if (subscriber.closed) {
          client.release() // it came too late
          return
        }
        isLent = true
        const onEnd = (): void => lost(broken(new Error('Connection terminated unexpectedly')))
        client.once('end', onEnd)
        const release = (isBroken: boolean): void => {
          client.off('end', onEnd)
          client.release(isBroken)
        }
        subscriber.next({
          client,
          giveBack() {
            release(false)
            free()
          },
          async end(transaction) {
            release(true)
            if (transaction !== null) await end(transaction)
            free()
          },
        })
      }
      pool.connect().then(lend, (error) => subscriber.error(broken(error)))
      return () => {
        if (!isLent) free()
      }
    })
  }

  /** A server that is at work for a connection does not see that it has gone. */
  async function end({ pid, since }: Backend): Promise<void> {
    const ended$ = defer(() => db.query(END, [pid, since])).pipe(
      repeat({ delay: () => timer(REST, scheduler) }),
      takeWhile((found) => found.length > 0),
      takeUntil(timer(db.timeout, scheduler)),
      catchError(() => EMPTY), // then it sees it with its next answer
    )
    await lastValueFrom(ended$, { defaultValue: null })
  }

  /** The first that comes within the time that there is. */
  function within<T>(lent$: Observable<T>, refused: () => AlarmError): Promise<T> {
    return firstValueFrom(
      lent$.pipe(timeout({ first: db.timeout, scheduler, with: () => throwError(refused) })),
    )
  }

  /** Says what has the connections: one has to be let go of. */
  function crowded(pool: Pool): AlarmError {
    const { held, places } = lineOf(pool)
    const oldest = Math.max(0, ...[...held].map((holder) => holder.age()))
    const theirs =
      held.size < places
        ? 'So others hold the connections of the pool, or the server takes no more.'
        : 'See what their functions wait for: a transaction ends with its function, and with close() of its store.'
    return new AlarmError(
      'ALARM_STORAGE_UNREACHABLE',
      `No connection was free within ${db.timeout} ms. Of the ${places} connections that transactions may have, ${held.size} are held, ` +
        `the oldest for ${Math.round(oldest)} ms. ${theirs} Or give a pool with more (max).`,
      { counted: false, passes: true },
    )
  }

  return {
    async forTransaction(borrower) {
      const pool = await db.pool()
      let enteredAt = elapsed()
      const lent$ = lineOf(pool)
        .place({ age: () => elapsed() - enteredAt, end: borrower.end })
        .pipe(
          concatMap((free) => {
            enteredAt = elapsed()
            return connect(pool, free, borrower.lost)
          }),
        )
      return within(merge(aborted(borrower.signal), lent$), () => crowded(pool))
    },
    async forStatement() {
      const pool = await db.pool()
      return within(connect(pool), () => crowded(pool))
    },
    broken,
  }
}
