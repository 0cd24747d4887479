/** Shows the story of the marble under the pointer, or of the one that has the focus. */
export function openBubble(bubble: HTMLElement): { follow(): void } {
  let marble: Element | null = null

  const explain = (next: Element | null): void => {
    marble = next
    bubble.hidden = marble === null
    if (marble === null) return
    bubble.textContent = marble.getAttribute('aria-label')
    follow()
  }

  /** The marble may have moved. */
  function follow(): void {
    if (marble === null) return
    if (!marble.isConnected) {
      explain(null)
      return
    }
    const panel = marble.closest('.panel')!.getBoundingClientRect()
    const { left, bottom, top } = marble.getBoundingClientRect()
    const { width, height } = bubble.getBoundingClientRect()
    const x = Math.min(Math.max(left, panel.left), document.documentElement.clientWidth - width - 12)
    const isBelow = bottom + height + 10 < document.documentElement.clientHeight
    bubble.style.left = `${Math.max(8, x)}px`
    bubble.style.top = `${isBelow ? bottom + 6 : top - height - 6}px`
  }

  const marbleOf = ({ target }: Event): Element | null =>
    (target as Element | null)?.closest?.('.marble') ?? null
  document.addEventListener('pointerover', (event) => {
    explain(marbleOf(event) ?? document.activeElement?.closest('.marble') ?? null)
  })
  document.addEventListener('focusin', (event) => explain(marbleOf(event)))
  document.addEventListener('focusout', () => explain(null))
  document.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') explain(null)
  })
  return { follow }
}
