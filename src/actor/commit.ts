import { runUser } from '../operators/from-user.ts'
import { commitError } from '../vocabulary/error-of.ts'
import { isFenced } from '../vocabulary/errors.ts'
import { isBefore, printTime } from '../vocabulary/time.ts'
import type { Keeper } from './keeper.ts'
import { withinTime } from './within-time.ts'
import type { Work } from './work.ts'

/** Rule 2: makes the desired alarm durable. */
export function issueCommit(keeper: Keeper, work: Work): void {
  const { key, epoch, config, desired: time } = keeper
  const covers = work.asked
  const issuedAt = keeper.observedAt()
  work.committing = true
  work.commits = time
  work.touched = false
  if (keeper.telemetry !== null) keeper.tell({ kind: 'commit-issued', time })
  const commit = runUser(
    'commit',
    () => withinTime(config, 'commit', () => config.commit(time, { key, epoch })),
    {
      complete() {
        if (keeper.work !== work) return
        work.committing = false
        const { committed: replaced, bound } = keeper
        const isSuperseded = work.behind
        keeper.committed = time
        work.covered = covers
        work.behind = isBefore(bound, time)
        if (keeper.telemetry !== null) {
          keeper.tell({ kind: 'commit-acknowledged', time, took: keeper.took(issuedAt) })
          if (isSuperseded) keeper.tell({ kind: 'superseded', before: 'write', time: replaced, by: time })
        }
        keeper.settle()
      },
      error(cause) {
        if (keeper.work !== work) return
        if (keeper.telemetry !== null) {
          keeper.tell({ kind: 'commit-failed', time, took: keeper.took(issuedAt), error: cause })
        }
        if (isFenced(cause)) return keeper.fail(cause)
        keeper.fail(commitError(key, printTime(time), cause))
      },
    },
  )
  if (keeper.work !== work) commit?.unsubscribe()
  else if (work.committing) work.commit = commit
}
