import { element, escaped } from '../../../src/marbles/draw/draw-svg-element.ts'
import { text } from '../../../src/marbles/draw/draw-svg-shapes.ts'
import { STYLE } from '../../../src/marbles/draw/draw-svg-style.ts'
import { drawRuler } from './ruler.ts'
import { heightOf, middleOf, SCALE, type Sheet } from './sheet.ts'

/** What stands on the page, as a file of its own. */
export interface Pictured {
  readonly title: string
  readonly panels: readonly { readonly title: string; readonly sheet: Sheet }[]
  readonly now: number
}

const [WIDTH, EDGE, MARGIN, LEAD, HEAD] = [1200, 16, 88, 104, 26]
const PLOT = WIDTH - 2 * EDGE - MARGIN - LEAD

/** Draws panels as they are now, one below the other, light and dark. */
export function drawPicture({ title, panels, now }: Pictured): string {
  let y = EDGE + HEAD
  const drawn = panels.map((panel, i) => {
    const svg = element(
      'g',
      { transform: `translate(${EDGE} ${y})` },
      ...drawPanel(panel.title, panel.sheet, now, i === 0),
    )
    y += HEAD + heightOf(panel.sheet) + 8
    return svg
  })
  const height = y + EDGE
  const page = [
    element('title', {}, escaped(title)),
    element('style', {}, `\n${STYLE}\n.nl-diverged{fill:#cf222e;fill-opacity:.22}\n`),
    element('rect', { class: 'nl-page', width: WIDTH, height, rx: 6 }),
    text(title, EDGE, EDGE + 12, 'nl-sans nl-title nl-text'),
    ...drawn,
  ]
  const size = { width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}`, role: 'img' }
  return `${element('svg', { xmlns: 'http://www.w3.org/2000/svg', ...size }, `\n${page.join('\n')}\n`)}\n`
}

function drawPanel(title: string, sheet: Sheet, now: number, isNumbered: boolean): string[] {
  const height = heightOf(sheet)
  const first = now - PLOT / SCALE
  const seen = sheet.items.filter(({ from, to }) => from <= now && (to ?? now) >= first)
  const move = { transform: `translate(${PLOT - now * SCALE} 0)` }
  const window = (width: number, ...shapes: readonly string[]): string =>
    element('svg', { x: MARGIN, y: HEAD, width, height, overflow: 'hidden' }, element('g', move, ...shapes))
  const lasting = seen.filter(({ lasts }) => lasts).map(({ svg }) => svg)
  const passing = seen.filter(({ lasts }) => !lasts).map(({ svg }) => svg)
  return [
    text(title, 0, 16, 'nl-sans nl-bold nl-text'),
    ...sheet.lanes.map(({ name, row }) => text(name, 0, HEAD + middleOf(row) + 4, 'nl-sans nl-faint')),
    window(PLOT, drawRuler(first, now, height, isNumbered), ...lasting),
    element('path', { class: 'nl-grey-line', d: `M${MARGIN + PLOT} ${HEAD}v${height}` }),
    ...sheet.standing.map(({ row, text: words, look }) =>
      text(words, MARGIN + PLOT + 8, HEAD + middleOf(row) + 4, `nl-mono ${look}`),
    ),
    window(PLOT + LEAD, ...passing),
  ]
}
