import { STYLE } from '../../../src/marbles/draw/draw-svg-style.ts'

/** The kit's colours for the lanes of a page whose reader may want the other theme than the system's. */
export function adoptMarbleStyle(): void {
  const [light, dark, after] = STYLE.split(/@media \(prefers-color-scheme:dark\)\{\n|\n\}\n/)
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(`${light}\n${after}\n:root[data-theme=dark]{\n${dark}\n${after}\n}`)
  document.adoptedStyleSheets.push(sheet)
}

/** Light or dark as the system has it, until the button is pressed; then that, in this browser. */
export function letToggleTheme(button: HTMLElement): void {
  const system = matchMedia('(prefers-color-scheme: dark)')
  const read = (): string => stored() ?? (system.matches ? 'dark' : 'light')
  const show = (): void => {
    const theme = read()
    document.documentElement.dataset.theme = theme
    button.textContent = theme === 'dark' ? 'Light theme' : 'Dark theme'
  }
  button.addEventListener('click', () => {
    store(read() === 'dark' ? 'light' : 'dark')
    show()
  })
  system.addEventListener('change', show)
  show()
}

const NAME = 'nolater-theme'
let chosen: string | null = null

// A browser may refuse storage; the choice then lasts as long as the page.
function stored(): string | null {
  try {
    chosen ??= localStorage.getItem(NAME)
  } catch {}
  return chosen
}

function store(theme: string): void {
  chosen = theme
  try {
    localStorage.setItem(NAME, theme)
  } catch {}
}
