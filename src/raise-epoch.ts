import { catchError, concat, defer, ignoreElements, type Observable, type ObservableInput, tap } from 'rxjs'
import { AlarmError, given, heldFence } from './errors.ts'
import { epochAbove, fenceOf } from './fence.ts'
import { fromUser } from './from-user.ts'
import type { Keeper } from './keeper.ts'

/**
 * A manager write. Where the manager holds a fence above those of this opening, the store is older than its manager: it was restored, or
 * begun again. The store then raises its epoch above that fence, and the write goes once more under it.
 *
 * Once per opening, and only if the store still holds this opening's epoch: a second owner has raised it since, and stays fenced.
 */
export function writeRaised(
  keeper: Keeper,
  fence: number,
  write: (fence: number) => ObservableInput<unknown>,
  raised: (fence: number) => void,
): ObservableInput<unknown> {
  const { config, key, epoch } = keeper
  if (config.raise === undefined || keeper.raisedTo !== 0) return write(fence)
  const again = (held: number, to: unknown): Observable<unknown> => {
    const least = epochAbove(held, epoch) as number
    if (typeof to !== 'number' || !Number.isSafeInteger(to) || to < least) throw notRaised(least, to)
    const above = fenceOf(to, keeper.issued)
    keeper.raisedTo = to
    if (keeper.telemetry !== null) keeper.tell({ kind: 'epoch-raised', held, epoch: to, fence: above })
    raised(above)
    return fromUser('write', () => write(above))
  }
  return fromUser('write', () => write(fence)).pipe(
    catchError((error) => {
      const held = heldFence(error)
      const least = held === undefined ? null : epochAbove(held, epoch)
      if (held === undefined || least === null) throw error
      let to: unknown
      const raise$ = fromUser('raise', () => config.raise!(least, { key, epoch })).pipe(
        tap((emitted) => {
          to = emitted
        }),
        ignoreElements(),
      )
      return concat(
        raise$,
        defer(() => again(held, to)),
      )
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
