import { EMPTY, throwError } from 'rxjs'
import { openAlarm } from '../../index.ts'
import type { Stage } from './stage.ts'

/** Another incarnation comes, asks once and goes; store and manager answer it at once. */
export function rival({ config, scale, store, manager }: Stage, mark: string): void {
  const other = openAlarm({
    ...config(),
    reconcile: false,
    commit(time) {
      store.hold(time)
      return EMPTY
    },
    write(time, { fence }) {
      const refusal = manager.hold(time, fence)
      return refusal === null ? EMPTY : throwError(() => refusal)
    },
  })
  const time = scale.timeOf(mark)
  if (time === null) other.delete()
  else other.set(time)
  other.close()
}
