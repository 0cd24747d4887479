import { concat, defer, retry, timer } from 'rxjs'
import type { Keeper } from '../outside-world.ts'

/** A task for every change: commit, then tell the manager, and try that again until it works. What workerd did before PR #5431. */
export const retryingTasks: Keeper = ({ commit, write, clock }) => {
  const tell = { delay: () => timer(10, clock) }
  return (time) => {
    concat(commit(time), defer(() => write(time)).pipe(retry(tell))).subscribe()
  }
}
