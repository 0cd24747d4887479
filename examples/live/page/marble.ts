import type { Item } from '../picture/sheet.ts'

const SVG = 'http://www.w3.org/2000/svg'

export function svgElement<Name extends 'svg' | 'g' | 'path'>(
  name: Name,
  attributes: Readonly<Record<string, string | number>>,
): SVGElementTagNameMap[Name] {
  const element = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value))
  return element
}

/** An item as an element that can be focused. Its title becomes its name: the page explains it at once, and not after a while. */
export function marbleOf({ svg, row, from }: Item): SVGGElement {
  const holder = svgElement('g', {})
  holder.innerHTML = svg
  const marble = holder.firstElementChild as SVGGElement
  const title = marble.querySelector('title')
  marble.setAttribute('aria-label', title?.textContent ?? '')
  title?.remove()
  marble.setAttribute('class', 'marble')
  marble.setAttribute('role', 'img')
  marble.setAttribute('tabindex', '-1')
  marble.dataset.row = String(row)
  marble.dataset.from = String(from)
  return marble
}
