/** Lets the keyboard walk over the marbles of a panel: arrows along a lane and between lanes, Home and End. */
export function letWalk(panel: SVGSVGElement, entered: () => void): void {
  panel.setAttribute('tabindex', '0')
  panel.setAttribute('aria-description', 'Arrow keys go from marble to marble.')
  panel.addEventListener('keydown', (event) => {
    const marbles = [...panel.querySelectorAll<SVGGElement>('.marble')]
    const next = nextOf(marbles, document.activeElement, event.key)
    if (next === undefined) return
    event.preventDefault()
    entered()
    next.focus()
  })
}

const rowOf = (marble: SVGGElement): number => Number(marble.dataset.row)
const fromOf = (marble: SVGGElement): number => Number(marble.dataset.from)

function nextOf(
  marbles: readonly SVGGElement[],
  focused: Element | null,
  key: string,
): SVGGElement | undefined {
  const inOrder = marbles.toSorted((a, b) => fromOf(a) - fromOf(b))
  const own = inOrder.find((marble) => marble === focused)
  if (own === undefined)
    return key.startsWith('Arrow') || key === 'End' ? inOrder.at(-1) : key === 'Home' ? inOrder[0] : undefined
  const lane = inOrder.filter((marble) => rowOf(marble) === rowOf(own))
  switch (key) {
    case 'ArrowRight':
      return lane[lane.indexOf(own) + 1]
    case 'ArrowLeft':
      return lane[lane.indexOf(own) - 1]
    case 'ArrowDown':
      return nearest(inOrder, own, 1)
    case 'ArrowUp':
      return nearest(inOrder, own, -1)
    case 'Home':
      return lane[0]
    case 'End':
      return lane.at(-1)
    default:
      return undefined
  }
}

/** In the next lane that way that has a marble, the one nearest in time. */
function nearest(marbles: readonly SVGGElement[], own: SVGGElement, way: 1 | -1): SVGGElement | undefined {
  const beyond = marbles.filter((marble) => (rowOf(marble) - rowOf(own)) * way > 0)
  const row = Math.min(...beyond.map((marble) => rowOf(marble) * way)) * way
  const away = (marble: SVGGElement): number => Math.abs(fromOf(marble) - fromOf(own))
  return beyond.filter((marble) => rowOf(marble) === row).toSorted((a, b) => away(a) - away(b))[0]
}
