import { finalize, type ObservableInput, take } from 'rxjs'
import { outside } from '../operators/async-context.ts'
import { fromUser } from '../operators/from-user.ts'
import { loadError } from '../vocabulary/error-of.ts'
import { AlarmError } from '../vocabulary/errors.ts'
import type { LoadedAlarm, Resident } from './resident.ts'
import { Turns } from './turns.ts'

/** The actors that are being loaded. */
export interface Loads {
  readonly turns: Turns<Resident>
  /** Loads an actor that is new, when its turn comes. */
  start(actor: Resident): void
}

/** Loads actors, so many at a time. `together` goes around what happens to them. */
export function openLoads(
  concurrency: number,
  load: (key: string) => ObservableInput<LoadedAlarm>,
  together: (work: () => void) => void,
): Loads {
  const turns = new Turns<Resident>(concurrency, begin)

  function begin(actor: Resident): void {
    const { opening, key } = actor
    if (opening === null) return
    turns.begin()
    const failed = (cause: unknown): void => actor.fail(loadError(key, cause))
    const loading = outside.runInAsyncScope(() =>
      fromUser('load', () => load(key))
        .pipe(
          take(1),
          finalize(() => together(() => turns.end())),
        )
        .subscribe({
          next: (loaded) => actor.open(loaded),
          error: failed,
          complete() {
            if (actor.opening !== null) failed(nothingLoaded())
          },
        }),
    )
    if (actor.opening === opening) opening.load = loading
    else loading.unsubscribe()
  }

  return {
    turns,
    start(actor) {
      const { opening } = actor
      if (opening === null || opening.isStarted) return
      opening.isStarted = true
      together(() => {
        if (turns.ask(actor, 'earlier')) begin(actor)
      })
    },
  }
}

function nothingLoaded(): AlarmError {
  return new AlarmError('ALARM_RETURN_INVALID', 'load must emit { time, epoch }; it completed without.')
}
