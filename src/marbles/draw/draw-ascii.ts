import { type Band, clockOf, layOut, type Piece, piecesIn, type Room } from './draw-layout.ts'
import { legendOf } from './draw-legend.ts'
import type { Drawing, Ending, Look, Mark } from './draw-model.ts'
import { printable, wrap } from './draw-text.ts'

const MARGIN = 12

// A span may end right behind its label, as in `5|`; `old..new` takes two dots.
const room: Room = (mark) => {
  if (mark.uncertain) return 2
  const { length } = labelOf(mark)
  return mark.shape === 'span' ? Math.max(1, length) : length + 1
}

const labelOf = ({ label, superseded }: Mark): string => (superseded ? `(${label})` : label)

/** Prints a drawing as lines of text. */
export function printAscii(drawing: Drawing, width: number): string {
  const { title, legend, notes } = drawing
  // A sign and what it means stay on one line.
  const signs = legendOf(drawing).map(({ text, means }) => `${text} ${means}`.replaceAll(' ', '\u{a0}'))
  const lines = [
    ...wrap(title, width),
    ...layOut(drawing, width - MARGIN, room).flatMap((band) => ['', ...printBand(drawing, band)]),
    '',
    ...wrap([legend, ...signs].join('; '), width).map((line) => line.replaceAll('\u{a0}', ' ')),
    ...notes.flatMap((note) => wrap(`! ${note}`, width, '  ')),
  ]
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

function printBand({ ruler, actors }: Drawing, band: Band): string[] {
  const clock = blank(band, ' ')
  const axis = blank(band, '-')
  for (let c = band.first; c <= band.last; c++) {
    const { clock: changed, gap } = ruler[c]!
    const cell = band.cell(c)
    if (gap !== undefined) put(axis, cell - gap.length, gap)
    if (changed === undefined && c !== band.first) continue
    put(clock, cell, clockOf(ruler, c))
    put(axis, cell, '|')
  }
  const lines = [line('clock', clock), line('', axis)]
  for (const { key, lanes } of actors) {
    if (actors.length > 1) lines.push('', printable(JSON.stringify(key)))
    for (const { name, rows } of lanes) {
      rows.forEach((marks, row) => {
        const cells = blank(band, ' ')
        for (const piece of piecesIn(band, marks)) drawPiece(cells, piece, band)
        lines.push(line(row === 0 ? name : '', cells))
      })
    }
  }
  return lines
}

const FILL: Partial<Record<Look, string>> = { closed: '=', broken: '#', rest: ':' }

const END: Record<Ending, string> = {
  acknowledged: '|',
  failed: '#',
  fenced: '/',
  'given up': '#',
  cut: '!',
  over: '|',
}

function drawPiece(cells: string[], { mark, begins, ends, from, to }: Piece, band: Band): void {
  const { shape, look, ending, run, uncertain } = mark
  const label = labelOf(mark)
  if (shape === 'span') {
    fill(cells, look === 'rest' && begins ? from + 1 : from, to, FILL[look] ?? '.')
    if (run !== undefined && run <= band.last) fill(cells, Math.max(from, band.cell(run)), to, '=')
  }
  if (uncertain) fill(cells, from, to, '.')
  const isSaidAgain = shape === 'state' && label.length < to - from
  if (begins ? !uncertain : isSaidAgain) put(cells, from, label)
  if (ends && ending !== undefined) put(cells, to, END[ending])
}

const line = (name: string, cells: readonly string[]): string => `${name.padEnd(MARGIN)}${cells.join('')}`

const blank = ({ width }: Band, sign: string): string[] => Array.from({ length: width }, () => sign)

const fill = (cells: string[], from: number, to: number, sign: string): void => {
  cells.fill(sign, from, to)
}

function put(cells: string[], cell: number, text: string): void {
  cells.splice(cell, text.length, ...text)
}
