import type { Drawing, Mark } from './draw-model.ts'

/** A stretch of the ruler that fits the width. A cell is a character in ASCII and a fixed number of pixels in SVG. */
export interface Band {
  /** its first and last column */
  readonly first: number
  readonly last: number
  /** the cell of a column */
  cell(column: number): number
  /** the cells that it takes */
  readonly width: number
}

/** The part of a mark that is seen in a band. */
export interface Piece {
  readonly mark: Mark
  readonly begins: boolean
  readonly ends: boolean
  /** cells; what does not begin or end in the band goes on to its edge */
  readonly from: number
  readonly to: number
}

interface OpenBand {
  readonly first: number
  readonly cells: number[]
  width: number
  /** the first free cell of each row of marks */
  readonly free: number[]
  /** and of the ruler */
  freeRuler: number
}

/** Cells that a mark needs before the next one in its row. */
export type Room = (mark: Mark) => number

/** Gives every column a cell so that no label covers what comes after it, in as many bands as it takes. */
export function layOut(drawing: Drawing, width: number, room: Room): Band[] {
  const rows = drawing.actors.flatMap(({ lanes }) => lanes.flatMap(({ rows }) => rows))
  const touching = touchesOf(rows, drawing.ruler.length, room)
  const bands: OpenBand[] = []
  drawing.ruler.forEach((_, column) => {
    const band = bands.at(-1)
    const touches = touching[column]!
    if (band !== undefined && place(band, column, drawing, touches, width)) return
    const next = openBand(rows, column, width, room)
    bands.push(next)
    place(next, column, drawing, touches, Infinity)
  })
  return bands.map(({ first, cells, width }) => ({
    first,
    last: first + cells.length - 1,
    cell: (column) => cells[column - first]!,
    width: width + 1,
  }))
}

/** Something begins or ends in a row. */
interface Touch {
  readonly row: number
  readonly room: number
}

function touchesOf(rows: readonly (readonly Mark[])[], columns: number, room: Room): Touch[][] {
  const touches: Touch[][] = Array.from({ length: columns }, () => [])
  rows.forEach((marks, row) => {
    for (const mark of marks) {
      touches[mark.from]!.push({ row, room: room(mark) })
      if (mark.shape === 'span' && mark.to !== null) touches[mark.to]!.push({ row, room: 1 })
    }
  })
  return touches
}

/** In a new band what goes on is seen from its first cell: a state says its value again, unless that takes half of the band. */
function openBand(rows: readonly (readonly Mark[])[], first: number, width: number, room: Room): OpenBand {
  const free = rows.map((marks) => {
    const mark = marks[firstSeen(marks, first)]
    const running = mark !== undefined && mark.from < first ? mark : undefined
    if (running === undefined) return 0
    const needs = running.shape === 'state' ? room({ ...running, uncertain: false }) : 1
    return needs > width / 2 ? 2 : needs
  })
  return { first, cells: [], width: 0, free, freeRuler: 0 }
}

/** Puts a column where everything that touches it is free, or returns false where that does not fit any more. */
function place(
  band: OpenBand,
  c: number,
  { ruler }: Drawing,
  touches: readonly Touch[],
  width: number,
): boolean {
  const { step, gap, clock } = ruler[c]!
  const before = band.cells.at(-1)
  let cell = Math.max(before === undefined ? 0 : before + step, ...touches.map(({ row }) => band.free[row]!))
  if (clock !== undefined) cell = Math.max(cell, band.freeRuler)
  if (gap !== undefined) cell = Math.max(cell, (before ?? -1) + gap.length + 2)

  const shown = clock ?? (before === undefined ? clockOf(ruler, c) : '')
  const edge = cell + Math.max(1, shown.length, ...touches.map(({ room }) => room))
  if (edge >= width) return false // one cell more shows that something goes on

  band.cells.push(cell)
  band.width = Math.max(band.width, edge)
  if (shown !== '') band.freeRuler = cell + shown.length + 1
  for (const { row, room } of touches) band.free[row] = Math.max(band.free[row]!, cell + room)
  return true
}

/** The clock of a column, also where it is the same as before. */
export function clockOf(ruler: Drawing['ruler'], column: number): string {
  let changed = column
  while (ruler[changed]!.clock === undefined) changed--
  return ruler[changed]!.clock!
}

/** What a band shows of a row of marks. */
export function piecesIn({ first, last, cell, width }: Band, marks: readonly Mark[]): Piece[] {
  const pieces: Piece[] = []
  for (let i = firstSeen(marks, first); i < marks.length && marks[i]!.from <= last; i++) {
    const mark = marks[i]!
    const { from, to, shape } = mark
    if (shape === 'state' && to === first) continue
    const begins = from >= first
    const ends = to !== null && to <= last
    pieces.push({ mark, begins, ends, from: begins ? cell(from) : 0, to: ends ? cell(to) : width })
  }
  return pieces
}

/** The first mark of a row that has not ended before a column: they are in order, so all of them need not be looked at for each band. */
function firstSeen(marks: readonly Mark[], column: number): number {
  let [low, high] = [0, marks.length]
  while (low < high) {
    const middle = (low + high) >> 1
    const { to } = marks[middle]!
    if (to !== null && to < column) low = middle + 1
    else high = middle
  }
  return low
}
