import { type Drawing, drawTimeline, type Timeline } from 'nolater/marbles'

export type Mark = Drawing['actors'][number]['lanes'][number]['rows'][number][number]
export type LaneName = Drawing['actors'][number]['lanes'][number]['name']

/** A mark of the kit's drawing, off its ruler: where it stands in time, ms. */
export interface TimedMark {
  readonly mark: Mark
  readonly from: number
  /** it goes on where this is null */
  readonly to: number | null
  /** of a delivery: when its handler starts */
  readonly run?: number
}

/** Marks of one lane that do not overlap. */
export type TimedRow = readonly TimedMark[]

/** What the kit draws of one actor, lane by lane, by the clock. */
export function timedLanes(timeline: Timeline): ReadonlyMap<LaneName, readonly TimedRow[]> {
  const { ruler, actors } = JSON.parse(drawTimeline(timeline, { format: 'json' })) as Drawing
  const timed = (mark: Mark): TimedMark => ({
    mark: { ...mark, tooltip: mark.tooltip.replace(', fence 0:', ', without a fence:') },
    from: ruler[mark.from]!.at,
    to: mark.to === null ? null : ruler[mark.to]!.at,
    ...(mark.run !== undefined && { run: ruler[mark.run]!.at }),
  })
  return new Map(actors[0]?.lanes.map(({ name, rows }) => [name, rows.map((row) => row.map(timed))]))
}
