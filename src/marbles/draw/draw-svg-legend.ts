import { legendOf, type Sign } from './draw-legend.ts'
import type { Drawing } from './draw-model.ts'
import { element } from './draw-svg-element.ts'
import { arrow, type Block, box, cross, label, stroke, text, tick } from './draw-svg-shapes.ts'

const LINE = 17

/** How times are to be read, and what the signs mean. */
export function legendBlock(drawing: Drawing, width: number): Block {
  const lines = [text(drawing.legend, 0, 14, 'nl-sans nl-small nl-faint')]
  let [x, y] = [drawing.legend.length * 6.5 + 20, 10]
  for (const { name, means } of legendOf(drawing)) {
    const sign = svgSign(name)
    if (sign === undefined) continue
    const room = sign.width + 6 + means.length * 6 + 18
    if (x + room > width) [x, y] = [0, y + LINE]
    const words = text(means, sign.width + 6, 4, 'nl-sans nl-small nl-faint')
    lines.push(element('g', { transform: `translate(${Math.round(x)} ${y})` }, ...sign.shapes, words))
    x += room
  }
  return { lines, height: y + LINE }
}

interface Glyph {
  readonly shapes: readonly string[]
  readonly width: number
}

/** A sign as the legend shows it, around y = 0; some say what they are by themselves. */
function svgSign(name: Sign['name']): Glyph | undefined {
  switch (name) {
    case 'earlier':
      return { shapes: [arrow(0, 0, 'left', 'amber')], width: 9 }
    case 'later':
      return { shapes: [arrow(0, 0, 'right', 'blue')], width: 9 }
    case 'same':
      return { shapes: [stroke('M0 -2h9m-9 5h9', 'grey')], width: 9 }
    case 'superseded': {
      const place = { left: 0, right: 16, y: 0 }
      return {
        shapes: [box(place, 'nl-grey-hollow nl-dashed'), ...label('5', place, 'grey', true)],
        width: 16,
      }
    }
    case 'unconfirmed': {
      const place = { left: 0, right: 23, y: 0 }
      return { shapes: [box(place, 'nl-grey'), ...label('5?', place, 'grey')], width: 23 }
    }
    case 'acknowledged':
      return { shapes: [stroke('M1 -7v14', 'green', 'nl-heavy')], width: 3 }
    case 'failed':
      return { shapes: [cross(4, 0)], width: 8 }
    case 'fenced':
      return { shapes: [stroke('M1 -7v14', 'red', 'nl-heavy')], width: 3 }
    case 'cut':
      return { shapes: [stroke('M1 -7v14', 'red', 'nl-heavy nl-dashed')], width: 3 }
    case 'rest':
      return { shapes: [stroke('M0 0h16', 'blue', 'nl-dotted')], width: 16 }
    case 'drained':
      return { shapes: [tick(0, 0)], width: 9 }
    case 'uncertain':
      return { shapes: [box({ left: 0, right: 16, y: 0 }, 'nl-blue-hollow nl-dashed')], width: 16 }
    default:
      return undefined
  }
}
