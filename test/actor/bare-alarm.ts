import { EMPTY } from 'rxjs'
import { expect } from 'vitest'
import { type Alarm, type AlarmConfig, openAlarm } from '../../src/index.ts'

/** An alarm whose store and manager answer inside the call, but for what is given. */
export const open = (more: Partial<AlarmConfig>): Alarm =>
  openAlarm({ key: 'k', epoch: 3, reconcile: false, commit: () => EMPTY, write: () => EMPTY, ...more })

/** The code of what it throws; it must throw. */
export function codeOf(use: () => void): unknown {
  try {
    use()
  } catch (error) {
    return (error as { code?: unknown }).code
  }
  return expect.unreachable()
}
