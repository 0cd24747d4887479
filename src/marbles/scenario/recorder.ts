import type { AlarmTime } from '../../index.ts'
import type { LaneName, Moment, Span } from './format.ts'
import type { Scale } from './scale.ts'
import type { FakeCall } from './scripted.ts'

/** Writes down what is seen, lane by lane, in the columns in which it is seen. */
export interface Recorder {
  /** marks in one column */
  mark(lane: LaneName, mark: string): void
  /** a mark in the column given, where the lane's value is not what it was */
  value(lane: LaneName, mark: string, column: number): void
  /** something that lasts; what it returns ends it, once */
  begin(lane: LaneName, mark: string): (mark: string) => void
  spansOf(lane: LaneName): Span[]
}

export function openRecorder({ columnOf }: Scale): Recorder {
  const lanes = new Map<LaneName, Moment[][]>()
  const values = new Map<LaneName, string>()
  const spansOf = (lane: LaneName): Moment[][] => {
    const spans = lanes.get(lane) ?? []
    lanes.set(lane, spans)
    return spans
  }
  const mark = (lane: LaneName, marks: string, at = columnOf()): void => {
    const spans = spansOf(lane)
    const last = spans.at(-1)
    if (last?.[0]?.at === at) last[0] = { at, marks: last[0].marks + marks }
    else spans.push([{ at, marks }])
  }
  return {
    mark: (lane, marks) => mark(lane, marks),
    value(lane, marks, column) {
      if (values.get(lane) === marks) return
      values.set(lane, marks)
      mark(lane, marks, column)
    },
    begin(lane, marks) {
      const span: Moment[] = [{ at: columnOf(), marks }]
      spansOf(lane).push(span)
      let ended = false
      return (end) => {
        if (ended) return
        ended = true
        push(span, { at: columnOf(), marks: end })
      }
    },
    spansOf: (lane) => spansOf(lane) as unknown as Span[],
  }
}

/** The calls of a fake as the spans of its lane. */
export function spansOfCalls(
  calls: readonly FakeCall<unknown>[],
  { columnOf, markOf }: { columnOf: Scale['columnOf']; markOf(time: AlarmTime): string },
): Span[] {
  return calls.map(({ at, time, marks }) => {
    const span: [Moment, ...Moment[]] = [{ at: columnOf(at), marks: markOf(time) }]
    for (const moment of marks) push(span, { at: columnOf(moment.at), marks: moment.marks })
    return span
  })
}

function push(span: Moment[], { at, marks }: Moment): void {
  const last = span.at(-1)!
  if (last.at === at) span[span.length - 1] = { at, marks: last.marks + marks }
  else span.push({ at, marks })
}
