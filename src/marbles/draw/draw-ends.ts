import { type Drawers, type Pen, reason } from './draw-pen.ts'

function cut({ sheet, from, moment }: Pen): void {
  for (const mark of sheet.open) {
    if (mark.look !== 'closed' && mark.look !== 'broken')
      sheet.end(mark, from, mark.look === 'rest' ? null : 'cut', `; cut off at ${moment}`)
  }
}

/** The end of the stream: nothing waits any more for what is under way. */
export const ends: Drawers<'completed' | 'errored'> = {
  completed(_, pen) {
    const { sheet, from, moment } = pen
    cut(pen)
    sheet.point('intents', { look: 'end', from, label: '|', tooltip: `completed at ${moment}` })
  },
  errored({ error }, pen) {
    const { sheet, from, moment, note } = pen
    cut(pen)
    sheet.point('intents', {
      look: 'end',
      from,
      label: '#',
      tooltip: `broken at ${moment}: ${reason(error)}`,
    })
    note(`broken: ${reason(error)}`)
  },
}
