import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  ignoreElements,
  Observable,
  type ObservableInput,
  of,
  tap,
} from 'rxjs'
import { fromUser } from '../operators/from-user.ts'
import { reportUncaught } from '../operators/report-uncaught.ts'
import { AlarmError, heldFence } from '../vocabulary/errors.ts'
import { checkEpoch, epochAbove, needsEpoch } from '../vocabulary/fence.ts'
import { given } from '../vocabulary/given.ts'
import type { AlarmRecord } from './record/record.ts'
import { epochAdded, epochRaised } from './record/writes.ts'
import { withinTime } from './within-time.ts'

/**
 * A manager write, where the store can raise its epoch. Where the manager holds a fence above those of this opening, the store is older than its manager: it was restored, or
 * begun again. The store then raises its epoch above that fence, and the write goes once more under it.
 *
 * Once per opening, and only if the store still holds this opening's epoch: a second owner has raised it since, and stays fenced. An opening
 * that has used up the writes of its epoch raises it by one first: a later move does so early, as it holds up nothing.
 */
export function writeRaised(
  alarm: AlarmRecord,
  fence: number,
  early: boolean,
  write: (fence: number) => ObservableInput<unknown>,
  raised: (fence: number) => void,
): ObservableInput<unknown> {
  const { epoch, spare } = alarm
  if (needsEpoch(alarm.issued, spare, early)) return writeWithOneMore(alarm, fence, write)
  if (alarm.raisedTo !== 0 || spare > 0) return write(fence)
  return ownCall('write', () => write(fence)).pipe(
    catchError((error) => {
      const held = heldFence(error)
      const least = held === undefined ? null : epochAbove(held, epoch)
      if (held === undefined || least === null) throw error
      return raiseTo(alarm, least).pipe(
        concatMap((to) => {
          const above = epochRaised(alarm, held, to)
          raised(above)
          return ownCall('write', () => write(above))
        }),
      )
    }),
  )
}

/** What its teardown throws comes after its end, and would cost `concat` and `concatMap` that end: the write would never be over. */
function ownCall(name: string, call: () => ObservableInput<unknown>): Observable<unknown> {
  return new Observable((subscriber) => {
    const inner = fromUser(name, call).subscribe({
      next: (value) => subscriber.next(value),
      error: (error) => subscriber.error(error),
      complete: () => subscriber.complete(),
    })
    return () => reportUncaught(() => inner.unsubscribe())
  })
}

/** The fences go on without a gap: what the store raised it by beyond that stays unused. */
function writeWithOneMore(
  alarm: AlarmRecord,
  fence: number,
  write: (fence: number) => ObservableInput<unknown>,
): Observable<unknown> {
  const next = checkEpoch(alarm.fenceEpoch + alarm.spare + 1)
  const added$ = raiseTo(alarm, next).pipe(
    tap(() => epochAdded(alarm, next)),
    ignoreElements(),
  )
  const isOwned = !needsEpoch(alarm.issued, alarm.spare, false)
  return concat(
    isOwned ? added$.pipe(catchError(() => EMPTY)) : added$, // early, it is tried again with the next one
    defer(() => ownCall('write', () => write(fence))),
  )
}

function raiseTo({ config, key, epoch }: AlarmRecord, least: number): Observable<number> {
  let to: unknown
  const raise$ = ownCall('raise', () =>
    withinTime(config, 'raise', config.raise!(least, { key, epoch })),
  ).pipe(
    tap((emitted) => {
      to = emitted
    }),
    ignoreElements(),
  )
  return concat(
    raise$,
    defer(() => {
      if (typeof to !== 'number' || !Number.isSafeInteger(to) || to < least) throw notRaised(least, to)
      return of(to)
    }),
  )
}

function notRaised(least: number, to: unknown): AlarmError {
  return new AlarmError(
    'ALARM_RETURN_INVALID',
    `raise must emit the epoch that the store holds durably from here on, ${least} or more, and complete; it emitted ${given(to)}.`,
    { counted: false },
  )
}
