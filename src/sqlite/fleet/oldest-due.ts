import { filter, firstValueFrom, map, type SchedulerLike } from 'rxjs'
import type { SqliteManager } from '../sqlite-manager.ts'
import { storageError } from '../storage-error.ts'

/** ms since the oldest alarm of a manager was due that no handler has; `null`: none is. */
export async function oldestDue(
  manager: Pick<SqliteManager, 'list'>,
  file: string,
  scheduler: SchedulerLike,
): Promise<number | null> {
  const due$ = manager.list({ state: 'due' }).pipe(
    filter(({ paused }) => !paused),
    map(({ due }) => scheduler.now() - (due as number)),
  )
  try {
    return await firstValueFrom(due$, { defaultValue: null })
  } catch (error) {
    throw storageError(error, file)
  }
}
