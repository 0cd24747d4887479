import { drawTimeline } from '../../marbles/draw/draw-timeline.ts'
import { readJournal } from '../../sqlite/journal/read-journal.ts'
import { journalPictures } from '../journal/journal-pictures.ts'
import { lastEvents } from '../journal/last-events.ts'
import type { TimelineAnswer } from './shapes.ts'

const COLUMNS = 80 // of the text

/** What a journal has of an actor, drawn so many pixels wide. */
export function timelineOf(file: string, key: string, width: number): TimelineAnswer {
  const kept = readJournal({ file, key })
  return {
    parts: lastEvents(kept).map((part) => {
      if ('gap' in part) return part
      const { title, events } = part
      return { title, svg: drawTimeline({ events }, { format: 'svg', width, title }) }
    }),
    text: journalPictures(kept, undefined, COLUMNS),
  }
}
