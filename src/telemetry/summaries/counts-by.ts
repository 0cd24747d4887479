import type { OperatorFunction } from 'rxjs'
import { summarize, type Window, type WindowOptions } from './summarize.ts'

/** How often each kind came in a window; a kind that did not come is not there. */
export interface Counts<Kind extends string> extends Window {
  readonly counts: Readonly<Partial<Record<Kind, number>>>
}

/**
 * Counts values by kind, once a window.
 *
 * ```
 * source    --a--b-a--a|
 *           countsBy((value) => value, { window: 4 })
 * counts.a  ----1---1--(1|)
 * counts.b  ----x---1--(x|)
 * ```
 *
 * What has no kind (`undefined`) is not counted. Memory is that of the kinds of one window. When the source completes, what is left
 * comes first. Its error passes at once, and so does what `kindOf` throws; what is left is dropped then.
 *
 * Errors: `ALARM_CONFIG_INVALID` for a window that is no number of ms from above 0 to 2^31-1, here and at once.
 *
 * Gotcha: let there be few kinds: a kind for each key is a counter for each key.
 *
 * ```ts
 * import { openAlarm } from 'nolater'
 * import { countsBy } from 'nolater/summaries'
 *
 * const alarm = openAlarm({ commit: () => [], write: () => [] })
 * alarm.events$.pipe(countsBy(({ kind }) => kind)).subscribe(({ counts }) => console.log(counts['write-issued'] ?? 0))
 * ```
 */
export function countsBy<In, Kind extends string>(
  kindOf: (value: In) => Kind | undefined,
  options: WindowOptions = {},
): OperatorFunction<In, Counts<Kind>> {
  return summarize(options, () => {
    const counts = new Map<Kind, number>()
    return {
      add(value) {
        const kind = kindOf(value)
        if (kind !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + 1)
      },
      take() {
        const taken = Object.fromEntries(counts) as Partial<Record<Kind, number>>
        counts.clear()
        return { counts: taken }
      },
    }
  })
}
