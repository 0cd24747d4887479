import { element, escaped } from './draw-svg-element.ts'

/** Pixels that a character of a label may take; it takes 7.2, or a little more in some fonts. */
export const LETTER = 8
export const BAR = 18

export type Colour = 'grey' | 'blue' | 'green' | 'amber' | 'violet' | 'red'

/** Where a box is: its left and right edge, and the middle of its row. */
export interface Place {
  readonly left: number
  readonly right: number
  readonly y: number
}

/** Sides on which a box goes on. */
export interface Open {
  readonly left?: boolean
  readonly right?: boolean
}

/** A box; an open side is drawn without its edge: there it goes on. */
export function box({ left, right, y }: Place, look: string, open: Open = {}): string {
  const [top, bottom] = [y - BAR / 2, y + BAR / 2]
  if (!open.left && !open.right) {
    return element('rect', { class: look, x: left, y: top, width: right - left, height: BAR, rx: 3 })
  }
  const d =
    open.left && open.right
      ? `M${left} ${top}H${right}M${right} ${bottom}H${left}`
      : open.right
        ? `M${right} ${top}H${left}V${bottom}H${right}`
        : `M${left} ${top}H${right}V${bottom}H${left}`
  return element('path', { class: look, d })
}

/** A label inside of a box, if there is room for it. */
export function label(text: string, { left, right, y }: Place, colour: Colour, isGone = false): string[] {
  if (text === '' || right - left < text.length * LETTER) return []
  const look = `nl-mono nl-${colour}-text${isGone ? ' nl-gone' : ''}`
  return [element('text', { class: look, x: left + 4, y: y + 4 }, escaped(text))]
}

export const stroke = (d: string, colour: Colour, more = 'nl-strong'): string =>
  element('path', { class: `nl-${colour}-line ${more}`, d })

/** A cross, at an end that is not a good one. */
export const cross = (x: number, y: number): string => stroke(`M${x - 4} ${y - 4}l8 8m0 -8l-8 8`, 'red')

export const arrow = (x: number, y: number, to: 'left' | 'right', colour: Colour): string => {
  const [tip, tail] = to === 'left' ? [x, x + 9] : [x + 9, x]
  return element('path', { class: `nl-${colour}-solid`, d: `M${tip} ${y}L${tail} ${y - 5}V${y + 5}Z` })
}

/** A tick, for what has come to rest. */
export const tick = (x: number, y: number): string => stroke(`M${x} ${y}l3 4l6 -8`, 'green')

/** Some lines of a page, one below the other, and the room that they take. */
export interface Block {
  readonly lines: readonly string[]
  readonly height: number
}

export const text = (words: string, x: number, y: number, look: string): string =>
  element('text', { class: look, x, y }, escaped(words))
