import { svgMark } from '../../../src/marbles/draw/draw-svg-mark.ts'
import { type Item, middleOf, SCALE } from './sheet.ts'
import type { TimedMark, TimedRow } from './timed-marks.ts'

const LETTER = 8
const FAR = 10_000_000 // ms; what goes on is cut off at now

/** Draws a row of marks as the kit draws them, by the clock. A point that would cover the one before moves aside. */
export function drawRow(name: string, marks: TimedRow, row: number): Item[] {
  let free = -Infinity
  let [before, nth] = [-1, 0]
  return marks.map((timed) => {
    const { mark, from, to } = timed
    nth = from === before ? nth + 1 : 0
    before = from
    let shift = 0
    if (mark.shape === 'point') {
      shift = Math.max(0, free - from)
      free = from + shift + widthOf(timed) / SCALE
    }
    return {
      id: `${name}@${from}.${nth}`,
      row,
      from,
      to,
      lasts: mark.shape !== 'point',
      svg: drawMark(timed, shift, row),
    }
  })
}

const widthOf = ({ mark: { look, label } }: TimedMark): number =>
  look === 'intent' ? label.length * LETTER + 9 : 11

function drawMark({ mark, from, to, run }: TimedMark, shift: number, row: number): string {
  const piece = { mark, begins: true, ends: to !== null, from: from + shift, to: to ?? FAR }
  return svgMark(piece, middleOf(row), run ?? Infinity, SCALE)
}
