// No CSS variables: renderers outside of browsers do not know them.
interface Palette {
  readonly page: string
  readonly text: string
  readonly faint: string
  readonly line: string
  /** of each colour: the fill, the line, the text on the fill */
  readonly grey: Paint
  readonly blue: Paint
  readonly green: Paint
  readonly amber: Paint
  readonly violet: Paint
  readonly red: Paint
}
type Paint = readonly [fill: string, stroke: string, text: string]

const light: Palette = {
  page: '#ffffff',
  text: '#1f2328',
  faint: '#59636e',
  line: '#d8dee4',
  grey: ['#f6f8fa', '#818b98', '#1f2328'],
  blue: ['#ddf4ff', '#0969da', '#0550ae'],
  green: ['#dafbe1', '#1a7f37', '#116329'],
  amber: ['#fff8c5', '#9a6700', '#7d4e00'],
  violet: ['#fbefff', '#8250df', '#6639ba'],
  red: ['#ffebe9', '#cf222e', '#a40e26'],
}

const dark: Palette = {
  page: '#0d1117',
  text: '#f0f6fc',
  faint: '#9198a1',
  line: '#2a313c',
  grey: ['#21262d', '#8b949e', '#f0f6fc'],
  blue: ['#0c2d6b', '#4493f8', '#c2e0ff'],
  green: ['#033a16', '#3fb950', '#aff5b4'],
  amber: ['#3b2300', '#d29922', '#f8e3a1'],
  violet: ['#271052', '#ab7df8', '#eddeff'],
  red: ['#490202', '#f85149', '#ffdcd7'],
}

const COLOURS = ['grey', 'blue', 'green', 'amber', 'violet', 'red'] as const

const rules = (palette: Palette): string[] => [
  `.nl-page{fill:${palette.page}}`,
  `.nl-text{fill:${palette.text}}`,
  `.nl-faint{fill:${palette.faint}}`,
  `.nl-line{fill:none;stroke:${palette.line}}`,
  `.nl-break{stroke:${palette.page};stroke-width:3}`,
  ...COLOURS.flatMap((name) => {
    const [fill, stroke, text] = palette[name]
    return [
      `.nl-${name}{fill:${fill};stroke:${stroke}}`,
      `.nl-${name}-text{fill:${text}}`,
      `.nl-${name}-line{fill:none;stroke:${stroke}}`,
      `.nl-${name}-solid{fill:${stroke}}`,
      `.nl-${name}-hollow{fill:${palette.page};stroke:${stroke}}`,
    ]
  }),
]

/** Light, and dark where the reader wants it. The names begin with `nl-`, because a picture in a page shares its styles. */
export const STYLE = [
  '.nl-sans{font-family:system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;font-size:12px}',
  '.nl-mono{font-family:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:12px}',
  '.nl-title{font-size:14px;font-weight:600}',
  '.nl-bold{font-weight:600}',
  '.nl-small{font-size:11px}',
  '.nl-gone{text-decoration:line-through}',
  '.nl-dashed{stroke-dasharray:3 3}',
  '.nl-dotted{stroke-dasharray:1 4;stroke-linecap:round;stroke-width:2}',
  '.nl-strong{stroke-width:2}',
  '.nl-heavy{stroke-width:3}',
  ...rules(light),
  '@media (prefers-color-scheme:dark){',
  ...rules(dark),
  '}',
  '.nl-flat{fill-opacity:.7;stroke:none}',
].join('\n')
