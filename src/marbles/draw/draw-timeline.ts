import { checkNames, type Names } from '../../vocabulary/check-names.ts'
import { configError } from '../../vocabulary/error-of.ts'
import type { Timeline } from '../timeline/timeline.ts'
import { printAscii } from './draw-ascii.ts'
import type { Drawing } from './draw-model.ts'
import { layRuler } from './draw-ruler.ts'
import { drawStory, type Note } from './draw-story.ts'
import { printSvg } from './draw-svg.ts'
import { timePrinter } from './draw-times.ts'

/** What a drawing is to be, and how wide. */
export interface DrawOptions {
  readonly format: 'ascii' | 'svg' | 'json'
  /** of ascii in characters, default 100; of svg in pixels, default 960. What does not fit goes on below */
  readonly width?: number
  /** default: the actors' keys */
  readonly title?: string
}

/**
 * Draws what happened to one actor, or to many, on one ruler: text for a terminal, a picture, or the drawing itself as JSON.
 *
 * ```
 * clock       0      2ms  4ms  6ms 8ms         14ms   16ms 18ms
 *             |------|----|----|---|-----------|------|----|----
 * intents     5s          9s       2s
 * moves       >           >        <
 * held                             2s.............|
 * commits        5s..|     (9s)|                       2s..|
 * writes              5s.......................|  2s..|     *
 * manager     1s      .........................5s ....2s
 * store       1s ....5s    ....9s                      ....2s
 * gate        =======|    =====|   ========================|
 *
 * times from 0 of the clock; < earlier than the bound; > later; (5) a newer time took its place;
 * 5..| acknowledged; * drained; 1..5 one or the other; ==| gate closed
 * ```
 *
 * That is what happens in marbles/earlier-waits-for-later-in-flight.marbles.
 *
 * The same timeline is always drawn with the same bytes. Each event has a column of its own, so what happens at the same time is seen in
 * its order; a long time without events is left out and named, as `~1h~`.
 *
 * Errors: `ALARM_CONFIG_INVALID` for a format that does not exist or a width that cannot hold a drawing.
 *
 * ```ts
 * writeFileSync('race.svg', drawTimeline(recording.timeline, { format: 'svg' }))
 * ```
 */
export function drawTimeline(timeline: Timeline, options: DrawOptions): string {
  checkNames('drawTimeline', options, names)
  const { format, width, title } = options
  if (format === 'json') return `${JSON.stringify(drawingOf(timeline, title), null, 2)}\n`
  if (format === 'ascii') return printAscii(drawingOf(timeline, title), checkWidth(width ?? 100, 40))
  if (format === 'svg') return printSvg(drawingOf(timeline, title), checkWidth(width ?? 960, 360))
  throw configError('format', `'ascii', 'svg' or 'json'`, format)
}

function checkWidth(width: number, least: number): number {
  if (!(Number.isInteger(width) && width >= least)) {
    throw configError('width', `a whole number, ${least} or more`, width)
  }
  return width
}

/** The drawing that every format prints, worked out once. */
function drawingOf({ events }: Timeline, title: string | undefined): Drawing {
  const print = timePrinter(events)
  const { columns, columnOf } = layRuler(events, print)
  const placed = events.map((event, i) => ({ event, column: columnOf[i]! }))
  const stories = [...Map.groupBy(placed, ({ event }) => event.key)].map(([key, own]) => {
    return { key, ...drawStory(own, print) }
  })
  const noteOf = (key: string, { column, text }: Note) => ({
    column,
    text: stories.length > 1 ? `${JSON.stringify(key)} ${text}` : text,
  })
  return {
    title: title ?? titleOf(stories.map(({ key }) => key).filter((key) => key !== '')),
    legend: print.legend,
    ruler: columns,
    actors: stories.map(({ key, lanes }) => ({ key, lanes })),
    notes: stories
      .flatMap(({ key, notes }) => notes.map((note) => noteOf(key, note)))
      .sort((a, b) => a.column - b.column)
      .map(({ text }) => text),
  }
}

function titleOf(keys: readonly string[]): string {
  const named = keys.map((key) => JSON.stringify(key)).join(', ')
  return keys.length === 0 ? 'alarm' : `${keys.length === 1 ? 'alarm' : 'alarms'} ${named}`
}

const names: Names<DrawOptions> = { format: true, width: true, title: true }
