import { type Band, clockOf, layOut, type Room } from './draw-layout.ts'
import type { Drawing, Look } from './draw-model.ts'
import { bandBlock, MARGIN } from './draw-svg-band.ts'
import { element, escaped } from './draw-svg-element.ts'
import { legendBlock } from './draw-svg-legend.ts'
import { type Block, LETTER, text } from './draw-svg-shapes.ts'
import { STYLE } from './draw-svg-style.ts'
import { wrap } from './draw-text.ts'

const EDGE = 16
const LINE = 17

// Boxes have edges, so their labels take a cell more than their letters.
const room: Room = ({ shape, look, label, uncertain }) => {
  if (uncertain || (shape === 'point' && look !== 'intent')) return 2
  return label === '' ? 1 : label.length + (shape === 'span' ? 1 : 2)
}

/** Prints a drawing as a picture. */
export function printSvg(drawing: Drawing, width: number): string {
  const inner = width - 2 * EDGE
  const page: string[] = []
  let y = EDGE
  const place = ({ lines, height }: Block): void => {
    page.push(element('g', { transform: `translate(${EDGE} ${y})` }, `\n${lines.join('\n')}\n`))
    y += height
  }
  const letters = Math.floor(inner / 6.5)
  place(textBlock(wrap(drawing.title, letters), 'nl-sans nl-title nl-text'))
  const bands = layOut(drawing, Math.floor((inner - MARGIN) / LETTER), room)
  const cell = bands.length === 1 ? stretch(inner - MARGIN, bands[0]!) : LETTER
  for (const band of bands) place(bandBlock(drawing, band, cell))
  place(legendBlock(drawing, inner))
  for (const note of drawing.notes)
    place(textBlock(wrap(note, letters, '   '), 'nl-sans nl-small nl-red-solid'))

  const height = y + EDGE
  const size = { width, height, viewBox: `0 0 ${width} ${height}` }
  const children = [
    element('title', {}, escaped(drawing.title)),
    element('desc', {}, escaped(describe(drawing))),
    element('style', {}, `\n${STYLE}\n`),
    element('rect', { class: 'nl-page', width, height, rx: 6 }),
    ...page,
  ]
  const svg = element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', ...size, role: 'img' },
    `\n${children.join('\n')}\n`,
  )
  return `${svg}\n`
}

/** What fits one band takes what there is, up to a point. */
const stretch = (width: number, band: Band): number => Math.min(2 * LETTER, Math.floor(width / band.width))

function textBlock(lines: readonly string[], look: string): Block {
  return { lines: lines.map((line, i) => text(line, 0, i * LINE + 12, look)), height: lines.length * LINE }
}

const COUNTED: readonly (readonly [Look, one: string, many: string])[] = [
  ['intent', 'intent', 'intents'],
  ['commit', 'commit', 'commits'],
  ['write', 'write', 'writes'],
  ['delivery', 'delivery', 'deliveries'],
]

/** For readers of the page as text. */
function describe({ ruler, actors, notes }: Drawing): string {
  const counts = actors.map(({ key, lanes }) => {
    const looks = lanes.flatMap(({ rows }) => rows.flat()).map(({ look }) => look)
    const said = COUNTED.map(
      ([look, one, many]) => [looks.filter((each) => each === look).length, one, many] as const,
    )
      .filter(([count]) => count > 0)
      .map(([count, one, many]) => `${count} ${count === 1 ? one : many}`)
      .join(', ')
    return actors.length > 1 ? `${JSON.stringify(key)}: ${said}` : said
  })
  const range =
    ruler.length === 0
      ? 'Nothing happened'
      : `From ${clockOf(ruler, 0)} to ${clockOf(ruler, ruler.length - 1)}`
  return [range, ...counts, ...notes].join('. ')
}
