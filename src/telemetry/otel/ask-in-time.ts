import { firstValueFrom, from, type SchedulerLike, throwError, timeout } from 'rxjs'
import { AlarmError } from '../../vocabulary/errors.ts'

/**
 * Asks for something that is never asked for twice at a time: while a call is under way, the next one waits for its answer.
 *
 * Each rejects with `ALARM_TIMEOUT` after `limit` ms, but the call goes on: only its end lets another one begin.
 */
export function askInTime<T>(
  ask: () => PromiseLike<T>,
  limit: number,
  scheduler: SchedulerLike,
): () => Promise<T> {
  let underWay: Promise<T> | null = null

  async function begin(): Promise<T> {
    return ask()
  }

  function end(): void {
    underWay = null
  }

  return () => {
    if (underWay === null) {
      underWay = begin()
      underWay.then(end, end)
    }
    const late = () => throwError(() => lateError(limit))
    return firstValueFrom(from(underWay).pipe(timeout({ first: limit, with: late, scheduler })))
  }
}

function lateError(limit: number): AlarmError {
  return new AlarmError(
    'ALARM_TIMEOUT',
    `The manager did not answer stats() within the timeout of ${limit} ms. See why it is slow, or give a longer timeout.`,
    { counted: false },
  )
}
