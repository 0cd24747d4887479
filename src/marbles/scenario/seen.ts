import { kindOf, type Lane, type LaneName, laneKinds, laneOf, type Scenario, type Span } from './format.ts'
import { layOut } from './lay-out.ts'
import { spansOfCalls } from './recorder.ts'
import type { Stage } from './stage.ts'

const allNames = Object.keys(laneKinds) as LaneName[]

/** What a run showed, in the lanes that the diagram has and in those that it should have. */
export function seenOf(
  { scenario, scale, recorder, store, manager, handler, broken }: Stage,
  unseen: readonly LaneName[],
): Scenario {
  const { columns } = scenario
  const spansOf = (name: LaneName): readonly Span[] => {
    const drawn = laneOf(scenario, name)?.spans ?? []
    if (name === 'commit') return spansOfCalls(store.calls, scale)
    if (name === 'write') return spansOfCalls(manager.calls, scale)
    if (name === 'handler') return spansOfCalls(handler.calls, scale)
    return kindOf(name).role === 'given' || unseen.includes(name) ? drawn : recorder.spansOf(name)
  }
  const within = (spans: readonly Span[]): Span[] =>
    spans
      .map((span) => span.filter(({ at }) => at < columns))
      .filter((span): span is [Span[0], ...Span] => span.length > 0)
  const laneFor = (name: LaneName): Lane => {
    const spans = within(spansOf(name))
    const comments = laneOf(scenario, name)?.comments ?? []
    return { name, spans, comments: layOut({ name, spans }, columns).map((_, row) => comments[row] ?? '') }
  }
  const drawn = scenario.lanes.map(({ name }) => name)
  const more = allNames.filter((name) => {
    if (drawn.includes(name) || !kindOf(name).always || unseen.includes(name)) return false
    return name === 'life' ? broken.length > 0 : within(spansOf(name)).length > 0
  })
  const { broken: _, ...rest } = scenario
  const code = (broken.at(-1) as { code?: string } | undefined)?.code
  return {
    ...rest,
    ...(broken.length > 0 && { broken: code ?? 'UNKNOWN' }),
    lanes: [...drawn, ...more].map(laneFor),
  }
}
