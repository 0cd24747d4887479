import type { Piece } from './draw-layout.ts'
import type { Look, Mark } from './draw-model.ts'
import { element, escaped } from './draw-svg-element.ts'
import {
  arrow,
  BAR,
  box,
  type Colour,
  cross,
  LETTER,
  label,
  type Open,
  type Place,
  stroke,
  tick,
} from './draw-svg-shapes.ts'

const COLOUR: Record<Look, Colour> = {
  intent: 'grey',
  end: 'grey',
  earlier: 'amber',
  later: 'blue',
  same: 'grey',
  held: 'amber',
  commit: 'green',
  write: 'blue',
  rest: 'blue',
  drained: 'green',
  manager: 'blue',
  store: 'green',
  closed: 'grey',
  broken: 'red',
  delivery: 'violet',
}

/** Draws what a band shows of a mark in a row whose middle is `y`; a handler starts in the cell `run`. */
export function svgMark(piece: Piece, y: number, run: number, cell: number): string {
  const { mark, from, to } = piece
  const place = { left: from * cell, right: to * cell, y }
  const shapes =
    mark.shape === 'point'
      ? point(mark, place.left, y)
      : mark.shape === 'state'
        ? state(piece, place)
        : span(piece, place, run * cell)
  return element('g', {}, element('title', {}, escaped(mark.tooltip)), ...shapes)
}

function point({ look, label: text, superseded }: Mark, x: number, y: number): string[] {
  switch (look) {
    case 'earlier':
      return [arrow(x, y, 'left', 'amber')]
    case 'later':
      return [arrow(x, y, 'right', 'blue')]
    case 'same':
      return [stroke(`M${x} ${y - 2}h9m-9 5h9`, 'grey')]
    case 'drained':
      return [tick(x, y)]
    case 'end':
      return [text === '#' ? cross(x + 4, y) : stroke(`M${x} ${y - 9}v18`, 'grey')]
    default: {
      const place = { left: x, right: x + text.length * LETTER + 7, y }
      const outline = superseded ? 'nl-grey-hollow nl-dashed' : 'nl-grey'
      return [box(place, outline), ...label(text, place, 'grey', superseded)]
    }
  }
}

/** A value that stands; an unknown one is an outline. */
function state({ mark, begins, ends }: Piece, place: Place): string[] {
  const { look, label: text, uncertain } = mark
  const colour = COLOUR[look]
  const gap = ends ? { ...place, right: place.right - 2 } : place
  const outline = uncertain ? `nl-${colour}-hollow nl-dashed` : `nl-${colour} nl-flat`
  return [box(gap, outline, { left: !begins, right: !ends }), ...label(text, gap, colour)]
}

function span(piece: Piece, place: Place, run: number): string[] {
  const { mark, begins, ends } = piece
  const { look, label: text, superseded, ending } = mark
  const colour = COLOUR[look]
  const { left, right, y } = place
  const open = { left: !begins, right: !ends }
  if (look === 'rest') return [stroke(`M${left + 6} ${y}H${right - 2}`, colour, 'nl-dotted')]
  const named = look === 'closed' || look === 'broken' ? look : text
  const waits = `nl-${colour}-hollow nl-dashed`
  const boxes =
    look === 'delivery' && run > left
      ? delivery(place, run, open, waits, `nl-${colour}`)
      : [box(place, look === 'held' ? waits : `nl-${colour}`, open)]
  const edge = ends ? end(ending, right, y, colour) : []
  return [...boxes, ...label(named, place, colour, superseded), ...edge]
}

/** It waits for its turn until the handler runs. */
function delivery(place: Place, run: number, open: Open, waits: string, runs: string): string[] {
  if (run >= place.right) return [box(place, waits, open)]
  return [
    box({ ...place, right: run }, waits, { ...open, right: true }),
    box({ ...place, left: run }, runs, { ...open, left: false }),
  ]
}

function end(ending: Mark['ending'], x: number, y: number, colour: Colour): string[] {
  const edge = `M${x} ${y - BAR / 2}v${BAR}`
  switch (ending) {
    case 'acknowledged':
      return [stroke(edge, colour, 'nl-heavy')]
    case 'failed':
    case 'given up':
      return [cross(x, y)]
    case 'fenced':
      return [stroke(edge, 'red', 'nl-heavy')]
    case 'cut':
      return [stroke(edge, 'red', 'nl-heavy nl-dashed')]
    default:
      return []
  }
}
