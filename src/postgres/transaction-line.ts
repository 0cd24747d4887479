import type { Pool } from 'pg'
import { Observable, type Subscriber } from 'rxjs'

/** One that has a place, or waits for it. */
export interface Holder {
  /** ms since it has its place */
  age(): number
  /** Has it end, also in the middle of a statement. */
  end(): void
}

/** The transactions of one pool: so many may be open that it can spare the connections that they wait for. */
export interface TransactionLine {
  readonly places: number
  readonly held: ReadonlySet<Holder>
  /** Emits when there is a place, with what gives it to the next. Unsubscribed before, it leaves the line. */
  place(holder: Holder): Observable<() => void>
  /** Lets none in any more; resolves when all have left. */
  close(reason: unknown): Promise<void>
}

/**
 * One listens; and a transaction waits for the manager, whose statement needs one.
 *
 * Without them as many transactions as the pool has connections would wait for the one that the manager needs to answer them.
 */
const SPARE = 2
const lines = new WeakMap<Pool, TransactionLine>()

export function lineOf(pool: Pool): TransactionLine {
  const line = lines.get(pool) ?? openLine(Math.max(1, (pool.options?.max ?? 10) - SPARE))
  lines.set(pool, line)
  return line
}

function openLine(places: number): TransactionLine {
  const held = new Set<Holder>()
  const waiting = new Map<Subscriber<() => void>, Holder>()
  let closed: { readonly because: unknown } | null = null
  let whenLeft = (): void => {}

  function enter(subscriber: Subscriber<() => void>, holder: Holder): void {
    held.add(holder)
    subscriber.next(() => leave(holder))
  }

  function leave(holder: Holder): void {
    if (!held.delete(holder)) return
    const [next] = waiting
    if (next !== undefined) {
      waiting.delete(next[0])
      enter(...next)
    } else if (held.size === 0) whenLeft()
  }

  return {
    places,
    held,
    place: (holder) =>
      new Observable((subscriber) => {
        if (closed !== null) return subscriber.error(closed.because)
        if (held.size < places) return enter(subscriber, holder)
        waiting.set(subscriber, holder)
        return () => waiting.delete(subscriber)
      }),
    close(because) {
      closed = { because }
      for (const subscriber of [...waiting.keys()]) subscriber.error(because)
      return held.size === 0 ? Promise.resolve() : new Promise((resolve) => (whenLeft = resolve))
    },
  }
}
