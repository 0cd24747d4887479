import { digits } from '../../command/terminal.ts'
import type { HourAnswer } from '../shapes.ts'
import { byId, setText, within } from './element.ts'

const HEIGHT = 32
const STEP = 4
const SVG = 'http://www.w3.org/2000/svg'

/** How many are due in each minute of the next hour: a bar each, and a sentence. */
export function drawHour(hour: HourAnswer | null): void {
  const figure = byId('hour')
  figure.hidden = hour === null
  if (hour === null) return
  const { counts } = hour
  const most = Math.max(...counts)
  const sum = counts.reduce((all, count) => all + count, 0)
  const text =
    sum === 0
      ? 'Nothing is due in the next hour.'
      : `${digits(sum)} due in the next hour, ${digits(most)} in its fullest minute, the ${ordinal(counts.indexOf(most) + 1)}.`
  setText(within(figure, 'figcaption'), text)
  const svg = within<SVGSVGElement>(figure, 'svg')
  const bars = barsOf(svg, counts.length)
  counts.forEach((count, minute) => {
    // What is there is seen, however little it is.
    const height = count === 0 ? 0 : Math.max(1.5, (count / most) * HEIGHT)
    bars[minute]?.setAttribute('y', `${HEIGHT - height}`)
    bars[minute]?.setAttribute('height', `${height}`)
  })
}

function barsOf(svg: SVGSVGElement, count: number): readonly Element[] {
  if (svg.childElementCount !== count) {
    svg.replaceChildren(
      ...Array.from({ length: count }, (_, minute) => {
        const bar = document.createElementNS(SVG, 'rect')
        bar.setAttribute('x', `${minute * STEP}`)
        bar.setAttribute('width', `${STEP - 1}`)
        return bar
      }),
    )
  }
  return [...svg.children]
}

function ordinal(count: number): string {
  const isTeen = count % 100 > 10 && count % 100 < 14
  return `${count}${(isTeen ? undefined : ['th', 'st', 'nd', 'rd'][count % 10]) ?? 'th'}`
}
