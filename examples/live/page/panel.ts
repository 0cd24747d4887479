import { text } from '../../../src/marbles/draw/draw-svg-shapes.ts'
import { drawRuler } from '../picture/ruler.ts'
import { heightOf, type Item, middleOf, SCALE, type Sheet } from '../picture/sheet.ts'
import { marbleOf, svgElement } from './marble.ts'

/** Pixels left of the lanes for their names, and right of now for what stands: few where there are few in all. */
const edgesIn = (width: number): { margin: number; lead: number } =>
  width < 480 ? { margin: 62, lead: 48 } : { margin: 88, lead: 104 }

const BEFORE = 1_000 // ms; a label may reach into the window from so long before it

/** The lanes of one actor on a ruler that moves. */
export interface Panel {
  readonly element: SVGSVGElement
  /** Shows a sheet as it is at `now`. While time passes, a panel that is out of sight is left as it is. */
  show(sheet: () => Sheet, now: number, isMoving: boolean): void
}

/** Marbles that stay the same keep their elements, and with them the focus; moving them all is one attribute. */
export function openPanel(name: string, isNumbered: boolean): Panel {
  const element = svgElement('svg', { class: 'panel', role: 'group', 'aria-label': name })
  const hidden = { 'aria-hidden': 'true' }
  const [names, standing, ruler] = [svgElement('g', hidden), svgElement('g', hidden), svgElement('g', hidden)]
  const [bars, points] = [svgElement('g', {}), svgElement('g', {})]
  const lasting = svgElement('svg', {}) // cut off at now
  const passing = svgElement('svg', {})
  const nowLine = svgElement('path', { class: 'now' })
  lasting.append(ruler, bars)
  passing.append(points)
  element.append(names, lasting, nowLine, standing, passing)
  const marbles = new Map<string, { readonly svg: string; readonly marble: SVGGElement }>()
  const markup = new Map<SVGGElement, string>()
  let isInSight = true
  let width = 0
  let again = (): void => {}
  new IntersectionObserver(([entry]) => (isInSight = entry!.isIntersecting)).observe(element)
  new ResizeObserver(() => {
    width = element.clientWidth
    again()
  }).observe(element)

  function show(sheet: () => Sheet, now: number, isMoving: boolean): void {
    if (isMoving && !isInSight) return
    width ||= element.clientWidth
    again = () => draw(sheet(), now)
    again()
  }

  function draw(sheet: Sheet, now: number): void {
    const height = heightOf(sheet)
    const { margin, lead } = edgesIn(width)
    const plot = Math.max(100, width - margin - lead)
    const first = now - plot / SCALE
    const edge = margin + plot
    element.setAttribute('height', String(height))
    for (const part of [lasting, passing]) part.setAttribute('x', String(margin))
    lasting.setAttribute('width', String(plot))
    passing.setAttribute('width', String(plot + lead))
    nowLine.setAttribute('d', `M${edge} 0V${height}`)
    const move = `translate(${plot - now * SCALE} 0)`
    for (const each of [ruler, bars, points]) each.setAttribute('transform', move)
    fill(names, ...sheet.lanes.map((lane) => text(lane.name, 0, middleOf(lane.row) + 4, 'nl-sans nl-faint')))
    fill(ruler, drawRuler(first, now, height, isNumbered))
    fill(
      standing,
      ...sheet.standing.map(({ row, text: words, look }) =>
        text(words, edge + 8, middleOf(row) + 4, `nl-mono ${look}`),
      ),
    )
    place(sheet.items.filter(({ from, to }) => from <= now && (to ?? now) >= first - BEFORE))
  }

  function fill(part: SVGGElement, ...shapes: readonly string[]): void {
    const next = shapes.join('')
    if (markup.get(part) === next) return
    markup.set(part, next)
    part.innerHTML = next
  }

  function place(items: readonly Item[]): void {
    const wanted = new Set(items.map(({ id }) => id))
    for (const [id, { marble }] of marbles) {
      if (wanted.has(id)) continue
      marble.remove()
      marbles.delete(id)
    }
    for (const item of items) {
      const before = marbles.get(item.id)
      if (before?.svg === item.svg) continue
      const marble = marbleOf(item)
      const hadFocus = before?.marble === document.activeElement
      if (before === undefined) (item.lasts ? bars : points).append(marble)
      else before.marble.replaceWith(marble)
      if (hadFocus) marble.focus()
      marbles.set(item.id, { svg: item.svg, marble })
    }
  }

  return { element, show }
}
