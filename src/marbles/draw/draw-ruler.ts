import type { TimelineEvent } from '../timeline/timeline.ts'
import type { Column } from './draw-model.ts'
import { printGap, type TimePrinter } from './draw-times.ts'

/** The columns of a drawing, and the one that each event stands in. */
export interface Ruler {
  readonly columns: readonly Column[]
  readonly columnOf: readonly number[]
}

/** Events that say more about the one just before: they share its column. */
const SHARED: Partial<Record<TimelineEvent['kind'], readonly TimelineEvent['kind'][]>> = {
  held: ['intent'],
  'write-issued': ['released'],
  'write-retried': ['write-failed'],
  'write-given-up': ['write-failed'],
  violation: ['delivery-arrived'],
  'delivery-run': ['delivery-arrived', 'violation'],
}

// A common step takes 4 cells, so that twice or half of it can be seen; four times as long is left out.
const COMMON_STEP = 4
const LONGEST_STEP = 16

/** Puts events in columns, one after the other; time between them is to scale until it gets too long. */
export function layRuler(events: readonly TimelineEvent[], print: TimePrinter): Ruler {
  const scale = commonGap(events) / COMMON_STEP
  const columns: Column[] = []
  const columnOf: number[] = []
  let before: TimelineEvent | undefined
  for (const event of events) {
    const { at } = event
    const gap = before === undefined ? 0 : at - before.at
    if (before === undefined) {
      columns.push({ at, clock: print.moment(at), step: 1 })
    } else if (gap !== 0) {
      const step = Math.max(1, Math.round(gap / scale))
      const isScaled = gap > 0 && step <= LONGEST_STEP
      columns.push({
        at,
        clock: print.moment(at),
        step: isScaled ? step : 1,
        ...(!isScaled && { gap: printGap(gap) }),
      })
    } else if (
      event.kind !== 'superseded' &&
      !(before.key === event.key && SHARED[event.kind]?.includes(before.kind))
    ) {
      columns.push({ at, step: 1 })
    }
    columnOf.push(columns.length - 1)
    if (event.kind !== 'superseded' || gap !== 0) before = event
  }
  return { columns, columnOf }
}

/** The lower median of the gaps. */
function commonGap(events: readonly TimelineEvent[]): number {
  const gaps = events.flatMap(({ at }, i) =>
    i > 0 && at > events[i - 1]!.at ? [at - events[i - 1]!.at] : [],
  )
  return gaps.sort((a, b) => a - b)[(gaps.length - 1) >> 1] ?? 1
}
