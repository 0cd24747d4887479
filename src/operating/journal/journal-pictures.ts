import { drawTimeline } from '../../marbles/draw/draw-timeline.ts'
import type { KeptEvents } from '../../sqlite/journal/read-journal.ts'
import { lastEvents } from './last-events.ts'

const NARROWEST = 40 // what a drawing needs

/** The last events of an actor as marble pictures in text. */
export function journalPictures(kept: KeptEvents, limit: number | undefined, columns: number): string {
  const width = Math.max(NARROWEST, columns)
  return lastEvents(kept, limit)
    .map((part) => {
      if ('gap' in part) return `${part.gap}\n`
      const { title, events } = part
      return drawTimeline({ events }, { format: 'ascii', width, title })
    })
    .join('\n')
}
