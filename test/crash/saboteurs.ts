import type { AlarmManager } from 'nolater'
import { concat, defer, EMPTY, from, ignoreElements, timer } from 'rxjs'
import type { Sabotage } from './plan.ts'

type Saboteur = (manager: AlarmManager) => AlarmManager

/**
 * Managers that break one rule each, for one purpose: the checker has to find every one of them. What they do is what people do.
 */
const saboteurs: Partial<Record<Sabotage, Saboteur>> = {
  /** Says "I have it" at once, so that the store commits, and tells the manager then. */
  'commit-first': (manager) => ({
    ...manager,
    write: (key, time, info) =>
      defer(() => {
        timer(10).subscribe(() => from(manager.write(key, time, info)).subscribe({ error() {} }))
        return EMPTY
      }),
  }),

  /** Tells the manager "done" when the handler has been called, not when what it did is durable. */
  'answer-early': (manager) => ({
    ...manager,
    deliveries: (handler, options) =>
      manager.deliveries((delivery) => {
        timer(0).subscribe(() => from(handler(delivery)).subscribe({ error() {} }))
        return EMPTY
      }, options),
  }),

  /** Lets every write through, whoever sends it and however old it is; a slow network brings some of them late. */
  'no-fence': (manager) => {
    let fence = 2 ** 50
    return {
      ...manager,
      write: (key, time, info) =>
        concat(
          info.fence % 3 === 0 ? timer(30).pipe(ignoreElements()) : EMPTY,
          // Of all processes the newest number, so nothing is ever stale.
          defer(() => {
            fence = Math.max(fence + 1, 2 ** 50 + (Date.now() % 2 ** 40) * 64)
            return from(manager.write(key, time, { ...info, fence }))
          }),
        ),
    }
  },
}

export function sabotaged(manager: AlarmManager, sabotage: Sabotage): AlarmManager {
  return saboteurs[sabotage]?.(manager) ?? manager
}
