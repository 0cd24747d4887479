import { colours, line, logScale, page, round, short, text } from './draw-svg.ts'

export interface Curve {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

/** Curves over two logarithmic axes, each named where it ends. */
export function drawCurves(plot: {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly curves: readonly Curve[]
}): string {
  const points = plot.curves.flatMap(({ points }) => points)
  const x = logScale(
    points.map(([value]) => value),
    64,
    520,
  )
  const y = logScale(
    points.map(([, value]) => value),
    340,
    48,
  )
  const axes = [
    ...x.ticks.flatMap((tick) => [
      line(x.at(tick), 48, x.at(tick), 340, 'stroke="#eee"'),
      text(x.at(tick), 358, `${short(tick)} ${plot.x}`, 'text-anchor="middle"'),
    ]),
    ...y.ticks.flatMap((tick) => [
      line(64, y.at(tick), 520, y.at(tick), 'stroke="#eee"'),
      text(58, y.at(tick) + 4, `${short(tick)} ${plot.y}`, 'text-anchor="end"'),
    ]),
  ]
  // Names that would lie on each other move down.
  let below = 0
  const ends = plot.curves
    .map((curve, i) => ({ curve, colour: colours[i % colours.length]!, end: curve.points.at(-1)! }))
    .toSorted((a, b) => b.end[1] - a.end[1])
  const curves = ends.flatMap(({ curve, colour, end }) => {
    const path = curve.points.map(([a, b]) => `${round(x.at(a))},${round(y.at(b))}`).join(' ')
    below = Math.max(below + 15, y.at(end[1]) + 4)
    return [
      `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      ...curve.points.map(
        ([a, b]) => `<circle cx="${round(x.at(a))}" cy="${round(y.at(b))}" r="3" fill="${colour}"/>`,
      ),
      text(532, below, curve.name, `fill="${colour}"`),
    ]
  })
  return page(372, plot.title, [...axes, ...curves])
}
