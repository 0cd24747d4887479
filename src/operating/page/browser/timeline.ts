import type { TimelineAnswer } from '../shapes.ts'
import { ask } from './ask.ts'
import { byId, make, setText, within } from './element.ts'

const hasJournal = document.body.dataset.journal !== undefined
const [NARROWEST, WIDEST] = [360, 4_000] // px of a picture

let drawn = ''

/** What the journal has of an actor, or why that cannot be read; `null`: there is no journal. */
export async function askTimeline(key: string): Promise<TimelineAnswer | Error | null> {
  if (!hasJournal) return null
  const width = Math.min(Math.max(NARROWEST, byId('main').clientWidth), WIDEST)
  return ask<TimelineAnswer>('timeline', { key, width: `${width}` }).catch((error: Error) => error)
}

/** Draws it. Where nothing has happened since, a text that is selected stays so. */
export function drawTimeline(answer: TimelineAnswer | Error | null): void {
  const now = answer instanceof Error ? answer.message : JSON.stringify(answer)
  if (now === drawn) return
  drawn = now
  const section = byId('timeline')
  section.hidden = answer === null
  const { parts, text } = answer === null || answer instanceof Error ? { parts: [], text: '' } : answer
  const trouble = answer instanceof Error ? answer.message : ''
  const said = within(section, 'p')
  said.classList.toggle('bad', trouble !== '')
  setText(said, trouble === '' && text === '' ? 'The journal has nothing of this actor.' : trouble)
  within(section, 'div').replaceChildren(
    ...parts.map((part) =>
      'gap' in part
        ? make('p', {}, part.gap)
        : make('img', { src: `data:image/svg+xml,${encodeURIComponent(part.svg)}`, alt: part.title }),
    ),
  )
  within(section, 'details').hidden = text === ''
  setText(within(section, 'pre'), text)
}
