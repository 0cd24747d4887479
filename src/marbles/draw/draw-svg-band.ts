import { type Band, clockOf, piecesIn } from './draw-layout.ts'
import type { Drawing, Mark } from './draw-model.ts'
import { element, escaped } from './draw-svg-element.ts'
import { svgMark } from './draw-svg-mark.ts'
import { type Block, LETTER, text } from './draw-svg-shapes.ts'

/** Pixels for the names of the lanes, left of the cells. */
export const MARGIN = 88
const ROW = 24
/** the line of the ruler, and where the lanes begin */
const AXIS = 24
const LANES = 30

/** A band with its ruler above all lanes; a cell takes `cell` pixels. */
export function bandBlock({ ruler, actors }: Drawing, band: Band, cell: number): Block {
  const marks: string[] = []
  let y = LANES
  for (const { key, lanes } of actors) {
    if (actors.length > 1) {
      marks.push(text(JSON.stringify(key), 0, y + ROW / 2 + 4, 'nl-sans nl-bold nl-text'))
      y += ROW
    }
    for (const { name, rows } of lanes) {
      marks.push(text(name, 0, y + ROW / 2 + 4, 'nl-sans nl-faint'))
      for (const row of rows) {
        const pieces = piecesIn(band, row).map((piece) =>
          svgMark(piece, y + ROW / 2, runOf(piece.mark, band), cell),
        )
        if (pieces.length > 0) marks.push(element('g', { transform: `translate(${MARGIN} 0)` }, ...pieces))
        y += ROW
      }
    }
  }
  return { lines: [svgRuler(ruler, band, y, cell), ...marks], height: y + 8 }
}

const runOf = ({ run }: Mark, band: Band): number =>
  run === undefined || run > band.last ? Infinity : run < band.first ? 0 : band.cell(run)

function svgRuler(ruler: Drawing['ruler'], band: Band, bottom: number, cell: number): string {
  const marks = [element('path', { class: 'nl-line', d: `M0 ${AXIS}H${band.width * cell}` })]
  for (let c = band.first; c <= band.last; c++) {
    const { at, clock, gap } = ruler[c]!
    const x = band.cell(c) * cell
    if (gap !== undefined) {
      const left = x - (gap.length + 0.5) * LETTER
      marks.push(element('path', { class: 'nl-break', d: `M${left} ${AXIS}H${x - LETTER / 2}` }))
      marks.push(text(gap, left + 4, AXIS + 4, 'nl-mono nl-small nl-faint'))
    }
    if (clock === undefined && c !== band.first) continue
    const tooltip = element('title', {}, escaped(`clock ${at}`))
    marks.push(element('path', { class: 'nl-line', d: `M${x} ${AXIS - 4}V${bottom}` }))
    marks.push(element('g', {}, tooltip, text(clockOf(ruler, c), x, AXIS - 8, 'nl-mono nl-small nl-faint')))
  }
  return element('g', { transform: `translate(${MARGIN} 0)` }, ...marks)
}
