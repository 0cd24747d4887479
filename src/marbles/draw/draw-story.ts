import type { TimelineEvent } from '../timeline/timeline.ts'
import { firstBelief, nextBelief } from '../timeline/timeline-belief.ts'
import { followGate } from '../timeline/timeline-gate.ts'
import { drawBelief, drawGate } from './draw-beliefs.ts'
import { commits, writes } from './draw-calls.ts'
import { deliveries } from './draw-deliveries.ts'
import { ends } from './draw-ends.ts'
import { intents } from './draw-intents.ts'
import type { Lane } from './draw-model.ts'
import type { Drawers, Pen } from './draw-pen.ts'
import { openSheet } from './draw-sheet.ts'
import type { TimePrinter } from './draw-times.ts'

const drawers: Drawers = { ...intents, ...writes, ...commits, ...deliveries, ...ends }

/** One event of an actor, and where on the ruler it stands. */
export interface Placed {
  readonly event: TimelineEvent
  readonly column: number
}

/** What a reader must not miss, and the column that it happened in. */
export interface Note {
  readonly column: number
  readonly text: string
}

/** Tells the story of one actor as marks in lanes. */
export function drawStory(
  placed: readonly Placed[],
  print: TimePrinter,
): { lanes: readonly Lane[]; notes: Note[] } {
  const sheet = openSheet()
  const notes: Note[] = []
  let belief = firstBelief(placed.map(({ event }) => event))
  const gateAfter = followGate(belief.store[0])
  for (const { event, column: from } of placed) {
    const moment = print.moment(event.at)
    const note = (text: string): void => {
      notes.push({ column: from, text: `${moment}: ${text}` })
    }
    const pen: Pen = { sheet, print, from, first: placed[0]!.column, moment, note }
    const draw = drawers[event.kind] as ((event: TimelineEvent, pen: Pen) => void) | undefined
    draw?.(event, pen) // an event of a newer version is no reason to draw nothing
    belief = nextBelief(belief, event)
    drawBelief(belief, pen)
    drawGate(gateAfter(event), pen)
  }
  return { lanes: sheet.lanes, notes }
}
