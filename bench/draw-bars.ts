import { colours, line, logScale, page, round, short, text } from './draw-svg.ts'

export interface Bar {
  readonly name: string
  readonly value: number
  readonly label: string
  /** said of a bar that is not what it seems */
  readonly warning?: string
}

/** Bars over one logarithmic axis. */
export function drawBars(title: string, unit: string, bars: readonly Bar[]): string {
  const bottom = 48 + bars.length * 28
  const x = logScale(
    bars.map(({ value }) => value),
    150,
    560,
  )
  const axis = x.ticks.flatMap((tick) => [
    line(x.at(tick), 40, x.at(tick), bottom, 'stroke="#eee"'),
    text(x.at(tick), bottom + 16, `${short(tick)} ${unit}`, 'text-anchor="middle"'),
  ])
  const marks = bars.flatMap(({ name, value, label, warning }, i) => {
    const top = 48 + i * 28
    const width = Math.max(2, x.at(value) - 150)
    return [
      text(142, top + 14, name, 'text-anchor="end"'),
      `<rect x="150" y="${top}" width="${round(width)}" height="20" fill="${colours[i % colours.length]}"${warning ? ' opacity="0.35"' : ''}/>`,
      text(156 + width, top + 14, warning ? `${label}  WRONG` : label),
    ]
  })
  return page(bottom + 32, title, [...axis, ...marks])
}
