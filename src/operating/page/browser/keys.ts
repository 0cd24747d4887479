import { byId } from './element.ts'

/** Moves through the rows, searches and goes back without a mouse. */
export function startKeys({ back, search }: { back(): void; search(): void }): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]') !== null)
      return
    const { activeElement } = document
    const isTyping = activeElement instanceof HTMLInputElement && activeElement.type !== 'checkbox'
    const isInRow = activeElement instanceof HTMLElement && stops().includes(activeElement)
    if (event.key === 'Escape') {
      if (isTyping) activeElement.blur()
      else back()
    } else if (isTyping) return
    else if (event.key === '/') search()
    else if (event.key === 'j' || (event.key === 'ArrowDown' && isInRow)) step(1)
    else if (event.key === 'k' || (event.key === 'ArrowUp' && isInRow)) step(-1)
    else return
    event.preventDefault()
  })
}

/** The rows, and after the last one what leads to the next page. */
function stops(): HTMLElement[] {
  return [
    ...document.querySelectorAll<HTMLElement>('#list:not([hidden]) tbody a, #list:not([hidden]) #pager a'),
  ]
}

function step(by: 1 | -1): void {
  const all = stops()
  const place = all.indexOf(document.activeElement as HTMLElement)
  const next = all[place < 0 ? 0 : Math.min(Math.max(place + by, 0), all.length - 1)]
  next?.focus()
  next?.scrollIntoView({ block: 'nearest' })
}

export function focusSearch(): void {
  const input = byId<HTMLInputElement>('key')
  input.focus()
  input.select()
}
