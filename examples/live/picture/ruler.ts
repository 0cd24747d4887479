import { element } from '../../../src/marbles/draw/draw-svg-element.ts'
import { text } from '../../../src/marbles/draw/draw-svg-shapes.ts'
import { SCALE } from './sheet.ts'

/** A line for each second of a stretch of time; their numbers are written where there is nothing else above. */
export function drawRuler(from: number, to: number, height: number, numbered: boolean): string {
  const lines: string[] = []
  for (let second = Math.max(0, Math.ceil(from / 1000)); second * 1000 <= to; second++) {
    const x = second * 1000 * SCALE
    lines.push(element('path', { class: 'nl-line', d: `M${x} ${numbered ? 16 : 0}V${height}` }))
    if (numbered) lines.push(text(`${second}s`, x + 3, 12, 'nl-mono nl-small nl-faint'))
  }
  return lines.join('')
}
