import type { AlarmTime } from 'nolater'
import { concat, defer, type Observable } from 'rxjs'
import type { World } from '../keeper.ts'

/** Another way of keeping an alarm. */
export interface Rival {
  /** the alarm of the newest intent */
  readonly wanted: AlarmTime
  ask(time: AlarmTime): void
  /** Tells the manager once more. */
  again(): void
  /** Completes when nothing is in flight. */
  idle(): Observable<unknown>
}

export type OpenRival = (world: World) => Rival

/** ms until a failed call is tried again */
export const REST = 400

/** `null`, never, comes after every time. */
export const isBefore = (a: AlarmTime, b: AlarmTime): boolean => (a ?? Infinity) < (b ?? Infinity)

/** What all rivals do with a wake-up: run the handler and delete the alarm, or put right a manager that came too early. */
export function wake(
  rival: Rival,
  clock: World['clock'],
  handler: () => Observable<unknown>,
): Observable<unknown> {
  return defer(() => {
    const { wanted } = rival
    if (wanted === null || wanted > clock.now()) {
      rival.again()
      return rival.idle()
    }
    const end$ = defer(() => {
      if (rival.wanted === wanted) rival.ask(null)
      return rival.idle()
    })
    return concat(handler(), end$)
  })
}
